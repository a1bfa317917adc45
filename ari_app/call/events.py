"""What a call can be told: facts, in the past tense. All are plain values without time;
the time is the second argument of `Call.handle`."""

from dataclasses import dataclass

from ari_app.call.commands import Command


@dataclass(frozen=True)
class Offered:
    """A channel entered our Stasis application: somebody is calling."""

    call: str
    "Our identity of the call; no dots."
    channel: str
    "The PBX's channel id of the caller."
    caller: str
    "Caller's number as the PBX gave it; '' when withheld."
    called: str
    "The extension or DID that was dialled."
    arguments: tuple[str, ...] = ()
    "What the dialplan passed to Stasis()."


@dataclass(frozen=True)
class Adopted:
    """A call that another process began is ours now, as its record tells."""

    call: str
    made: int
    "How many names for medias and bridges were given out."
    medias: tuple[str, ...]
    bridges: tuple[str, ...]
    talking: bool
    "The caller was answered and in the last of the bridges."


@dataclass(frozen=True)
class Disowned:
    """Another process took this call over: nothing of it on the PBX is ours any more."""


@dataclass(frozen=True)
class MediaJoined:
    """A media channel of ours entered Stasis: now it may be put into a bridge."""

    media: str


@dataclass(frozen=True)
class MediaEnded:
    """A media channel of ours is gone, whoever ended it."""

    media: str


@dataclass(frozen=True)
class MediaQuiet:
    """Nothing has arrived on the media for a while although the caller is not on hold."""

    media: str
    seconds: float
    "How long nothing has arrived."


@dataclass(frozen=True)
class MediaHeard:
    """Packets arrive again after MediaQuiet."""

    media: str


@dataclass(frozen=True)
class CallerHungUp:
    """The caller's channel was asked to hang up (CallerLeft follows)."""

    cause: int = 0
    "Q.850 cause; 0 when not given."


@dataclass(frozen=True)
class CallerLeft:
    """The caller's channel left our Stasis application: hung up, or back in the dialplan."""


@dataclass(frozen=True)
class DigitPressed:
    """The caller released a key."""

    digit: str
    "One of 0-9 * # A-D."
    duration: float
    "Seconds."


@dataclass(frozen=True)
class CallerHeld:
    """The caller put us on hold."""


@dataclass(frozen=True)
class CallerResumed:
    """The caller took us back from hold."""


@dataclass(frozen=True)
class AgentReady:
    """The agent can hold a conversation now."""


@dataclass(frozen=True)
class AgentFailed:
    """The agent cannot go on; every retreat inside the conversation is used up."""

    reason: str


@dataclass(frozen=True)
class TranscriptGrew:
    """Something more was said: the call's record has to follow."""


@dataclass(frozen=True)
class HandOverAsked:
    """The conversation wants the caller handed to a named destination; all was said."""

    destination: str
    "A name from the configuration's destinations."
    reason: str = ""


@dataclass(frozen=True)
class HangUpAsked:
    """The conversation is over and everything was said."""

    reason: str = ""


@dataclass(frozen=True)
class Drained:
    """The worker is to stop: this call has to end or be handed back now."""


@dataclass(frozen=True)
class Done:
    """A command of ours was carried out."""

    command: Command
    value: int | None = None
    "The answer, for commands that ask (ReadReception: packets received so far)."


@dataclass(frozen=True)
class Refused:
    """A command of ours was refused."""

    command: Command
    reason: str
    gone: bool = False
    "True when the channel or bridge no longer exists."


@dataclass(frozen=True)
class Unknown:
    """A command of ours got no answer in time: it may have happened or not."""

    command: Command
    reason: str = ""


@dataclass(frozen=True)
class Tick:
    """The deadline that `Call.deadline` named has come."""


Outcome = Done | Refused | Unknown

LineEvent = (
    Offered
    | MediaJoined
    | MediaEnded
    | CallerHungUp
    | CallerLeft
    | DigitPressed
    | CallerHeld
    | CallerResumed
)
"What a line reports, in order, beginning with Offered."

Event = (
    LineEvent
    | Adopted
    | Disowned
    | MediaQuiet
    | MediaHeard
    | AgentReady
    | AgentFailed
    | TranscriptGrew
    | HandOverAsked
    | HangUpAsked
    | Drained
    | Outcome
    | Tick
)

__all__ = [
    "Adopted",
    "AgentFailed",
    "AgentReady",
    "CallerHeld",
    "CallerHungUp",
    "CallerLeft",
    "CallerResumed",
    "DigitPressed",
    "Disowned",
    "Done",
    "Drained",
    "Event",
    "HandOverAsked",
    "HangUpAsked",
    "LineEvent",
    "MediaEnded",
    "MediaHeard",
    "MediaJoined",
    "MediaQuiet",
    "Offered",
    "Outcome",
    "Refused",
    "Tick",
    "TranscriptGrew",
    "Unknown",
]
