"""What a conversation can be told: facts, in the past tense. Plain values without time; the time
is the second argument of `Conversation.handle`. All `at` are the caller's stream time: seconds
of audio that the agent has been given to hear."""

from dataclasses import dataclass

from ari_app.conversation.values import (
    CallerUnderstood,
    ItemFinished,
    ItemStarted,
    ItemText,
    PatienceSet,
    SessionFailed,
    ToolAsked,
)
from ari_app.media.values import Played, SpeechBegan, SpeechEnded


@dataclass(frozen=True)
class Started:
    """The caller listens from now on."""


@dataclass(frozen=True)
class MediaMoved:
    """The conversation goes on over another media. What was not yet played has been queued
    there again, and `Played` goes on counting where the old media stopped."""


@dataclass(frozen=True)
class StreamReached:
    """The caller's stream is at this position now; told at least once a second."""

    at: float


@dataclass(frozen=True)
class ItemQueued:
    """More audio of an item waits to be played."""

    item: str
    seconds: float
    "Length of this piece."


@dataclass(frozen=True)
class KeyPressed:
    """The caller released a key."""

    digit: str
    duration: float
    "Seconds that it was down."


@dataclass(frozen=True)
class KeysMasked:
    """From now on keys are secret (True) or not: journal and transcript show dots."""

    on: bool


@dataclass(frozen=True)
class Held:
    """The caller put us on hold (True) or took us back."""

    held: bool


@dataclass(frozen=True)
class Tick:
    """The deadline that `Conversation.deadline` named has come."""


Event = (
    Started
    | MediaMoved
    | StreamReached
    | SpeechBegan
    | SpeechEnded
    | Played
    | ItemStarted
    | ItemQueued
    | ItemText
    | ItemFinished
    | CallerUnderstood
    | PatienceSet
    | ToolAsked
    | SessionFailed
    | KeyPressed
    | KeysMasked
    | Held
    | Tick
)
