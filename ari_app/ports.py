"""What the core needs from the world, as Protocols, and the values that pass through them.

Shells (`ari`, `board`, `agents`, `speech`, `stores` …) implement these; `driver` uses them.
Nothing here knows a vendor, a wire format or a library other than numpy.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ari_app.call.commands import LineCommand
from ari_app.call.events import LineEvent, Offered, Outcome

Samples = NDArray[np.int16]
Address = tuple[str, int]
"Numeric IP address and UDP port."


@dataclass(frozen=True, eq=False)
class Audio:
    """A stretch of mono speech."""

    samples: Samples
    "Linear 16 bit, mono, shape (n,)."
    rate: int = 8000
    "Samples per second."

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


# The line: our connection for a call's control.


class Line(Protocol):
    """One call's control: its events in order and the commands that it obeys."""

    @property
    def offer(self) -> Offered:
        """How the call began."""

    def events(self) -> AsyncIterator[LineEvent]:
        """Everything after the offer, in order; ends when the caller's channel is gone."""

    async def run(self, command: LineCommand, *, board: Address | None = None) -> Outcome:
        """Carry one command out. Never raises for what the PBX answers: see Outcome.

        `OpenMedia` needs `board`, the address the PBX shall send to; the PBX's own address for
        that media is afterwards in `remote(media)`.
        """

    def remote(self, media: str) -> Address:
        """Where the PBX expects and sends the media's RTP. Raises KeyError when unknown."""

    async def close(self) -> None:
        """Forget the call. Call it when the caller, medias and bridges are gone."""


class Lines(Protocol):
    """All calls that one PBX offers us."""

    def offers(self) -> AsyncIterator[Line]:
        """New calls, as they come. Reconnects by itself, for ever."""

    async def close(self) -> None:
        """Stop taking calls and disconnect."""


# The board: all media.


@dataclass(frozen=True, eq=False)
class FrameHeard:
    """20 ms from the caller, in order; the stream never has holes."""

    samples: Samples
    "Shape (160,), 8 kHz."
    at: float
    "Media time of its first sample: seconds since the media was connected."
    kind: Literal["voice", "concealed", "filled"] = "voice"
    "voice: received; concealed: lost and repaired; filled: nothing was sent (DTX, mute, hold)."


@dataclass(frozen=True)
class SpeechBegan:
    """The caller began to speak."""

    at: float
    "Media time of the acoustic onset, seconds (earlier than the moment of the decision)."


@dataclass(frozen=True)
class SpeechEnded:
    """The caller fell silent."""

    at: float
    "Media time of the last speech, seconds."


@dataclass(frozen=True)
class Played:
    """How much of an item the caller has been sent (less far_delay)."""

    item: str
    seconds: float
    state: Literal["playing", "finished", "cut"]
    "playing: progress, at least every 200 ms; finished: to its end; cut: flushed, final."


@dataclass(frozen=True)
class StreamQuiet:
    """Nothing has arrived for this long."""

    seconds: float


@dataclass(frozen=True)
class StreamHeard:
    """Packets arrive again after StreamQuiet."""


@dataclass(frozen=True)
class MediaStatistics:
    """What happened to one media, both ways (counts of packets or frames)."""

    received: int = 0
    lost: int = 0
    reordered: int = 0
    duplicate: int = 0
    late: int = 0
    malformed: int = 0
    concealed: int = 0
    filled: int = 0
    sent: int = 0
    jitter: float = 0.0
    "Interarrival jitter, RFC 3550 §6.4.1, seconds."
    longest_gap: float = 0.0
    "Longest time without a packet, seconds."
    send_lateness: float = 0.0
    "Worst lateness of a frame that we sent, seconds."


@dataclass(frozen=True)
class StreamClosed:
    """The media was closed; nothing follows."""

    statistics: MediaStatistics


MediaEvent = (
    FrameHeard | SpeechBegan | SpeechEnded | Played | StreamQuiet | StreamHeard | StreamClosed
)


@dataclass(frozen=True, eq=False)
class TapPair:
    """20 ms of a call, both directions, aligned."""

    at: float
    "Media time, seconds."
    caller: Samples
    agent: Samples


class Tap(Protocol):
    """A bounded listener at a media; drops (and counts) rather than blocks."""

    dropped: int

    def pairs(self) -> AsyncIterator[TapPair]:
        """Pairs until the media or the tap is closed."""

    def close(self) -> None: ...


class Media(Protocol):
    """One external media channel's audio. All verbs are messages: they return at once."""

    @property
    def id(self) -> str: ...

    def connect(self, remote: Address) -> None:
        """Send an unbroken stream to this address from now on, accept nothing else."""

    def play(self, item: str, audio: Audio) -> None:
        """Queue more audio of an item (any rate; resampled here). Items play in order."""

    def finish(self, item: str) -> None:
        """No more audio of this item comes; Played(…, finished) follows when it was heard."""

    def pause(self) -> None:
        """Send silence, keep the queue."""

    def resume(self, rewind: float = 0.0) -> None:
        """Go on, repeating the last `rewind` seconds that were played."""

    def flush(self) -> None:
        """Drop the queue within a beat; Played(…, cut) follows for every item in it."""

    def expect_silence(self, on: bool) -> None:
        """The caller is on hold (True): silence is no reason for StreamQuiet."""

    def events(self) -> AsyncIterator[MediaEvent]:
        """One consumer: everything that happens, ending with StreamClosed."""

    def tap(self) -> Tap: ...

    def close(self) -> None: ...


class Board(Protocol):
    """The media of all calls of one worker, on one UDP port."""

    @property
    def address(self) -> Address:
        """Where a PBX on this host (or one that reaches `advertise`) sends RTP."""

    def open(self, media: str, codec: str) -> Media:
        """Reserve a row. Raises BoardFull, or ConfigError for a codec we do not speak."""

    async def close(self) -> None: ...


# The agent: who talks with the caller.


@dataclass(frozen=True)
class Brief:
    """What an agent is told before it talks."""

    call: str
    profile: str
    caller: str = ""
    called: str = ""
    language: str = "en"
    instructions: str = ""
    history: tuple["Utterance", ...] = ()
    "What was said before, when a session is replaced."
    variables: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do; data, so that nothing raises later."""

    hears_rate: int = 8000
    "Samples per second that `hear` wants."
    floor: frozenset[Literal["ours", "provider"]] = frozenset({"ours"})
    truncates: bool = False
    "`interrupt` shortens the model's own memory to what was played."
    session_seconds: float = float("inf")
    "How long a session lasts at most."


class AgentSession(Protocol):
    """One agent in one call."""

    async def hear(self, frame: Audio) -> None:
        """20 ms from the caller, always, in order."""

    async def turn(self, edge: TurnEdge) -> None: ...

    async def press(self, digits: str) -> None:
        """Keys the caller pressed, as they come."""

    async def tell(self, text: str, *, respond: bool) -> None:
        """Something the agent should know (and react to now, if `respond`)."""

    async def interrupt(self, item: str, played: float) -> None:
        """The caller cut this item after `played` seconds: nothing after that was heard."""

    async def answer_tool(self, call: str, result: str) -> None: ...

    async def rebrief(self, brief: Brief) -> None: ...

    def events(self) -> AsyncIterator[AgentEvent]:
        """One consumer. Ends when the session is closed."""


class AgentProvider(Protocol):
    @property
    def capabilities(self) -> Capabilities: ...

    def connect(self, brief: Brief) -> AbstractAsyncContextManager[AgentSession]:
        """Open a session; it speaks first (once it is told that the caller listens: the first
        events may be collected before, audio is queued). Raises AgentError."""


# Speech.


class Voice(Protocol):
    """Verbatim speech: greetings, disclosures, fillers."""

    def speak(self, text: str, language: str = "en") -> AsyncIterator[Audio]:
        """The text as 8 kHz audio in one or more pieces. Raises AgentError."""


@dataclass(frozen=True)
class Recognised:
    """One reading of an utterance by a grammar."""

    text: str
    "The phrase of the grammar; '' when nothing fitted."
    confidence: float
    "0 to 1, only comparable within one recogniser."


class Recogniser(Protocol):
    """Small-grammar speech recognition."""

    async def recognise(self, audio: Audio, phrases: tuple[str, ...]) -> Recognised:
        """Which of the phrases was said? Raises AgentError."""


# Evidence.


class Journal(Protocol):
    """Where a call's story goes, one entry after the other. Holds personal data."""

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        """`at` is seconds since the call was offered."""
