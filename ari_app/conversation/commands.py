"""What a conversation asks for: imperative values, to be carried out at once and in order."""

from dataclasses import dataclass

from ari_app.conversation.values import TurnEdge, Utterance


@dataclass(frozen=True)
class PauseOutput:
    """Send silence, keep what is queued."""


@dataclass(frozen=True)
class ResumeOutput:
    """Go on playing."""

    rewind: float = 0.0
    "Seconds to repeat."


@dataclass(frozen=True)
class FlushOutput:
    """Drop everything that is queued; `Played(…, cut)` follows for each item in it."""


@dataclass(frozen=True)
class DropItem:
    """Nothing of this item is to be played any more, whatever the agent still sends."""

    item: str


@dataclass(frozen=True)
class SendEdge:
    """Tell the agent about the caller's turn."""

    edge: TurnEdge


@dataclass(frozen=True)
class SendInterrupt:
    """Tell the agent that the caller heard only so much of its item."""

    item: str
    played: float
    "Seconds."


@dataclass(frozen=True)
class SendKeys:
    """Give the agent keys that the caller pressed."""

    digits: str


@dataclass(frozen=True)
class AnswerTool:
    """Tell the agent what became of something that it asked for."""

    call: str
    result: str


@dataclass(frozen=True)
class Say:
    """Speak this text word for word, as this item; its ItemQueued and ItemFinished follow."""

    item: str
    text: str


@dataclass(frozen=True)
class HandOver:
    """Everything was said: hand the caller to this destination."""

    destination: str
    reason: str = ""


@dataclass(frozen=True)
class HangUp:
    """Everything was said: the call is over."""

    reason: str = ""


@dataclass(frozen=True)
class GiveUp:
    """The agent is lost; somebody else must serve the caller."""

    reason: str


@dataclass(frozen=True)
class WriteUtterance:
    """One line of the transcript for the journal."""

    utterance: Utterance
    by: str = "speech"
    "speech or keys, for what a caller entered."


@dataclass(frozen=True)
class WriteKeys:
    """Keys for the journal; dots when they are secret."""

    digits: str


@dataclass(frozen=True)
class WriteBargeIn:
    """A suspected interruption and its verdict, for the journal. Seconds."""

    committed: bool
    by: str
    "speech or key."
    paused: float | None
    "From the onset of speech to our silence; None when we did not pause before the verdict."
    decided: float
    "From the onset of speech (or the key) to the verdict."


@dataclass(frozen=True)
class WriteTurn:
    """How long a caller waited for an answer, for the journal. Seconds after the last speech."""

    decided: float
    "Until we took the turn to be over."
    answered: float
    "Until the first audio of the answer was queued."


Command = (
    PauseOutput
    | ResumeOutput
    | FlushOutput
    | DropItem
    | SendEdge
    | SendInterrupt
    | SendKeys
    | AnswerTool
    | Say
    | HandOver
    | HangUp
    | GiveUp
    | WriteUtterance
    | WriteKeys
    | WriteBargeIn
    | WriteTurn
)
