"""The call's transition table. Everything that decides *when* something may happen is here; what
happens is in `machine`.

The table is total. For every phase and every event one of three holds: a row *acts*; the event is
*ignored* and counted; or it is a *bug*, which only an outcome of a command that this phase and
those before it never give can be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ari_app.call.events import Done, Event, Refused, Unknown


class Phase(Enum):
    """What was asked for last; results move the call on."""

    OFFERED = "offered"
    PREPARING = "preparing"
    "The caller hears ringing; media and agent are being made ready."
    ANSWERING = "answering"
    TALKING = "talking"
    HANDING_OVER = "handing over"
    "The dialplan was asked to take the caller."
    RELEASING = "releasing"
    "Everything of ours on the PBX is being deleted."
    ENDED = "ended"


class Verdict(Enum):
    ACT = "act"
    IGNORE = "ignore and count"
    BUG = "bug"


@dataclass(frozen=True)
class Row:
    phase: Phase
    event: str
    "Name of the event; of an outcome: command and outcome, as in `OpenMedia refused`."
    action: str
    "Name of the method of `machine.Call`."
    to: tuple[Phase, ...] = ()
    "Phases that the action may move to, besides staying."


_O, _P, _A, _T, _H, _R, _E = Phase
_FALL = (_H,)

ROWS: tuple[Row, ...] = (
    Row(_O, "Offered", "prepare", (_P,)),
    Row(_O, "Adopted", "adopt", (_P, _T)),
    Row(_P, "OpenBridge done", "join_when_ready", (_A,)),
    Row(_P, "OpenBridge refused", "fall_back", _FALL),
    Row(_P, "OpenBridge unknown", "fall_back", _FALL),
    Row(_P, "OpenMedia done", "join_when_ready", (_A,)),
    Row(_P, "OpenMedia refused", "fall_back", _FALL),
    Row(_P, "OpenMedia unknown", "fall_back", _FALL),
    Row(_P, "MediaJoined", "join_when_ready", (_A,)),
    Row(_P, "MediaEnded", "fall_back", _FALL),
    Row(_P, "AgentReady", "join_when_ready", (_A,)),
    Row(_P, "AgentFailed", "fall_back", _FALL),
    Row(_P, "Drained", "fall_back", _FALL),
    Row(_P, "CallerLeft", "release", (_R,)),
    Row(_P, "Tick", "wake", _FALL),
    Row(_A, "Answer refused", "fall_back", _FALL),
    Row(_A, "Join done", "talk", (_T,)),
    Row(_A, "Join refused", "fall_back", _FALL),
    Row(_A, "Join unknown", "join_again", _FALL),
    Row(_A, "MediaEnded", "fall_back", _FALL),
    Row(_A, "AgentFailed", "fall_back", _FALL),
    Row(_A, "Drained", "fall_back", _FALL),
    Row(_A, "CallerLeft", "release", (_R,)),
    Row(_A, "Tick", "wake", _FALL),
    Row(_T, "AgentReady", "join_when_ready"),
    Row(_T, "DigitPressed", "pass_digit"),
    Row(_T, "CallerHeld", "hold"),
    Row(_T, "CallerResumed", "resume"),
    Row(_T, "MediaQuiet", "look_at_reception"),
    Row(_T, "MediaHeard", "media_heard"),
    Row(_T, "ReadReception done", "compare_reception", _FALL),
    Row(_T, "MediaEnded", "media_ended", _FALL),
    Row(_T, "OpenMedia done", "join_when_ready"),
    Row(_T, "OpenMedia refused", "fall_back", _FALL),
    Row(_T, "OpenMedia unknown", "fall_back", _FALL),
    Row(_T, "MediaJoined", "join_when_ready"),
    Row(_T, "Join done", "go_on_over_new_media"),
    Row(_T, "Join refused", "fall_back", _FALL),
    Row(_T, "Join unknown", "join_again", _FALL),
    Row(_T, "CloseMedia done", "deleted"),
    Row(_T, "HandOverAsked", "hand_over", (_H,)),
    Row(_T, "HangUpAsked", "hang_up", (_R,)),
    Row(_T, "AgentFailed", "fall_back", _FALL),
    Row(_T, "Drained", "fall_back", _FALL),
    Row(_T, "CallerLeft", "release", (_R,)),
    Row(_T, "Tick", "wake", (_H, _R)),
    Row(_H, "CallerHungUp", "note_hang_up"),
    Row(_H, "HandBack refused", "hand_back_failed", (_R,)),
    Row(_H, "CallerLeft", "release", (_R,)),
    Row(_H, "Tick", "wake", (_R,)),
    Row(_R, "CallerLeft", "caller_left", (_E,)),
    Row(_R, "HangUp refused", "hang_up_refused", (_E,)),
    Row(_R, "CloseMedia done", "deleted", (_E,)),
    Row(_R, "CloseBridge done", "deleted", (_E,)),
    Row(_R, "Tick", "wake", (_E,)),
    *(Row(phase, "Disowned", "forget", (_E,)) for phase in (_P, _A, _T, _H, _R)),
)

TRANSITIONS = {(row.phase, row.event): row for row in ROWS}

_ORDER = list(Phase)
_FIRST_GIVEN = {
    "ArmDeadman": _P,
    "Ring": _P,
    "OpenBridge": _P,
    "OpenMedia": _P,
    "Answer": _A,
    "Join": _A,
    "CloseMedia": _T,
    "ReadReception": _T,
    "HandBack": _H,
    "HangUp": _R,
    "CloseBridge": _R,
}
"The first phase in which an outcome of the command can come."

_OUTCOMES = {Done: "done", Refused: "refused", Unknown: "unknown"}


def key(event: Event) -> str:
    """The event's name in the table."""
    if isinstance(event, Done | Refused | Unknown):
        return f"{type(event.command).__name__} {_OUTCOMES[type(event)]}"
    return type(event).__name__


def verdict(phase: Phase, event: str) -> Verdict:
    """What the table says of an event (its `key`) in a phase."""
    if (phase, event) in TRANSITIONS:
        return Verdict.ACT
    command, _, outcome = event.partition(" ")
    first = _FIRST_GIVEN.get(command, _O) if outcome else _O
    return Verdict.BUG if _ORDER.index(phase) < _ORDER.index(first) else Verdict.IGNORE


def mermaid() -> str:
    """The table as a Mermaid state diagram: one arrow per pair of phases."""
    return "\n".join(("stateDiagram-v2", "    [*] --> offered", *_arrows(), "    ended --> [*]"))


def _arrows() -> Iterator[str]:
    causes: dict[tuple[Phase, Phase], list[str]] = {}
    for row in ROWS:
        for target in row.to:
            causes.setdefault((row.phase, target), []).append(row.event)
    for (source, target), events in causes.items():
        label = ", ".join(dict.fromkeys(_short(event, events) for event in events))
        yield f"    {_node(source)} --> {_node(target)}: {label}"


def _short(event: str, among: list[str]) -> str:
    """Both bad outcomes of one command are one word in the picture."""
    command, _, outcome = event.partition(" ")
    both = {f"{command} refused", f"{command} unknown"} <= set(among)
    return f"{command} failed" if both and outcome in ("refused", "unknown") else event


def _node(phase: Phase) -> str:
    return phase.value.replace(" ", "_")
