"""What agents say and are told: the vocabulary of a conversation. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from ari_app.media.values import Audio


@dataclass(frozen=True)
class Utterance:
    """One line of the transcript: heard from the caller, or played to the caller."""

    who: Literal["caller", "agent"]
    text: str
    at: float
    "Media time of its beginning, seconds."
    until: float
    "Media time of its end, seconds."
    cut: bool = False
    "True when the agent was interrupted: text holds only what was played."


class EdgeKind(Enum):
    """What happened to the caller's turn."""

    BEGAN = "began"
    "The caller began to speak (confirmed or not)."
    ENDED = "ended"
    "The caller's turn is over: answer now."
    DISMISSED = "dismissed"
    "It was no speech, or only a backchannel: forget the audio since BEGAN."
    PASSED = "passed"
    "The caller let the turn go by without a word: ask again."


@dataclass(frozen=True)
class TurnEdge:
    kind: EdgeKind
    at: float
    "Media time, seconds."


@dataclass(frozen=True)
class ItemStarted:
    """The agent begins an utterance; its audio follows."""

    item: str
    interruptible: bool = True


@dataclass(frozen=True, eq=False)
class ItemAudio:
    item: str
    audio: Audio


@dataclass(frozen=True)
class ItemText:
    """The words of the item's audio, in pieces that follow each other."""

    item: str
    text: str


@dataclass(frozen=True)
class ItemFinished:
    """All audio of the item was given (not: played)."""

    item: str


@dataclass(frozen=True)
class CallerUnderstood:
    """What the agent took the caller's last turn to be."""

    text: str
    by: Literal["speech", "keys"] = "speech"


@dataclass(frozen=True)
class PatienceSet:
    """How long a silence ends the caller's turn from now on."""

    end_of_turn: float
    "Seconds, 0.5 to 3."
    no_input: float = 6.0
    "Seconds of silence after our last word before the caller is asked again; inf: never."
    interruptible_by_speech: bool = True


@dataclass(frozen=True)
class ToolAsked:
    """The agent wants something done. `hand_over` and `hang_up` wait until all was said."""

    call: str
    "The tool call's own id, for `answer_tool`."
    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class SessionFailed:
    """The session is over against its will."""

    reason: str
    retryable: bool = False


AgentEvent = (
    ItemStarted
    | ItemAudio
    | ItemText
    | ItemFinished
    | CallerUnderstood
    | PatienceSet
    | ToolAsked
    | SessionFailed
)
