"""The caller of the demo: what it says and presses, and when."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Say:
    """Wait until the agent has finished, then speak."""

    text: str


@dataclass(frozen=True)
class Press:
    """Wait until the far side has finished, then press keys."""

    digits: str
    after: float | None = None
    "If given, press while the far side speaks, so many seconds into its sentence."


@dataclass(frozen=True)
class Interrupt:
    """Speak while the agent speaks, `after` seconds into its sentence."""

    text: str
    after: float


@dataclass(frozen=True)
class LeaveMessage:
    """Wait for the mailbox's tone, then speak."""

    text: str


Move = Say | Press | Interrupt | LeaveMessage

TALK: tuple[Move, ...] = (
    Say("opening hours"),
    Press("1"),
    Interrupt("leave a message", after=1.2),
    Say("yes"),
    LeaveMessage("this is a message for the front desk please call me back"),
)
"A call to the front desk that asks, presses a key, interrupts, and is handed to the mailbox."

AGENT_DEAD: tuple[Move, ...] = (
    Press("#", after=4.5),
    LeaveMessage("the agent is down but i can leave a message"),
)
"A call that no agent answers: # skips the rest of the mailbox's greeting."
