"""What the interpreter is told (past tense) and what it wants done (imperative)."""

from collections.abc import Mapping
from dataclasses import dataclass

from ari_app.conversation.values import CallerUnderstood, PatienceSet


@dataclass(frozen=True)
class Begun:
    """The caller listens."""


@dataclass(frozen=True)
class Heard:
    """The caller's turn was listened to."""

    phrase: str
    "One of the phrases of the question; '' when nothing fitted."
    question: int
    "The machine's `question` when the caller began to speak."


@dataclass(frozen=True)
class Pressed:
    digit: str


@dataclass(frozen=True)
class Passed:
    """The caller said nothing, or should be asked again for another reason."""


@dataclass(frozen=True)
class Dismissed:
    """What seemed to be a turn of the caller's was none."""


@dataclass(frozen=True)
class Interrupted:
    """The caller cut this item: it and what was to follow it was not heard to its end. What may
    not be cut still follows."""

    item: int


@dataclass(frozen=True)
class NotDone:
    """What was to be done is not, because it was refused or the caller spoke up."""


@dataclass(frozen=True)
class SpeechLost:
    """Nobody recognises speech any longer: only keys are left."""


@dataclass(frozen=True)
class Tick:
    """The deadline has come."""


FlowEvent = Begun | Heard | Pressed | Passed | Dismissed | Interrupted | NotDone | SpeechLost | Tick


@dataclass(frozen=True)
class Speak:
    """Say this, after everything that was asked for before."""

    item: int
    "Counts up from 1."
    text: str
    interruptible: bool = True


@dataclass(frozen=True)
class Drop:
    """Do not say (the rest of) these items any more."""

    items: tuple[int, ...]


@dataclass(frozen=True)
class Act:
    """Do this once everything was said: hand_over or hang_up."""

    name: str
    arguments: Mapping[str, str]


FlowCommand = Speak | Drop | Act | PatienceSet | CallerUnderstood
