"""What the core needs from the world, as Protocols, and the values that pass through them.

Shells (`ari`, `board`, `agents`, `speech`, `stores` …) implement these; `driver` uses them.
Nothing here knows a vendor or a wire format. The values live where the pure rooms can use them:
`media.values`, `conversation.values`, `call.events`, `call.commands`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ari_app.call.commands import LineCommand
from ari_app.call.events import LineEvent, Offered, Outcome
from ari_app.call.record import CallRecord, Effect
from ari_app.conversation.values import AgentEvent, TurnEdge, Utterance
from ari_app.media.values import Audio, MediaEvent, TapPair

Address = tuple[str, int]
"Numeric IP address and UDP port."


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


@dataclass(frozen=True)
class Adoptable:
    """A caller in mid-call whom the process that served him has lost."""

    call: str
    "Which call it is."
    channel: str
    "The caller's."
    application: str
    "The Stasis application that he is in."
    leftovers: tuple[str, ...] = ()
    "Medias and bridges of ours that are still there."


class Lines(Protocol):
    """All calls that one PBX offers us."""

    def offers(self) -> AsyncIterator[Line]:
        """New calls, as they come. Reconnects by itself, for ever."""

    async def close(self) -> None:
        """Stop taking calls and disconnect."""


# The board: all media.


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

    def catch_up(self) -> None:
        """Skip the frames that were heard and not read yet: the next one is the present."""

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
    history: tuple[Utterance, ...] = ()
    "What was said before, when a session is replaced."
    variables: Mapping[str, str] = field(default_factory=dict)


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


# What outlives a process.


class CallStore(Protocol):
    """The records of live calls. Every method raises StoreUnavailable when the store cannot be
    reached or does not answer within its bound; calls go on without it."""

    @property
    def healthy(self) -> bool:
        """Did the last attempt to reach the store succeed?"""

    async def ping(self) -> None:
        """Reach the store, with time to connect."""

    async def save(self, record: CallRecord) -> CallRecord:
        """Write the record; returns it with its new revision.

        Raises StaleRecord when somebody else wrote since this revision, it is another worker's,
        or it was deleted.
        """

    async def load(self, call: str) -> CallRecord | None:
        """None when there is none, or one of a format that we do not know (logged)."""

    async def calls(self) -> tuple[CallRecord, ...]:
        """All records of a format that we know."""

    async def claim(self, call: str, worker: str, lost: str) -> CallRecord:
        """Make the call this worker's, if it still is the lost one's; at most one claim wins.

        A restarted worker claims its own earlier self's. Raises StaleRecord when it is somebody
        else's by now, or gone, or was written by this very store (then nobody lost it).
        """

    async def delete(self, call: str, worker: str) -> None:
        """The worker's call has ended. What was written of its effects goes, too.

        The record of another worker, who has claimed it meanwhile, stays.
        """

    async def begin(self, call: str, key: str) -> Effect:
        """Write ahead that something consequential is about to be done, within 50 ms.

        Returns Begun for the first caller; who comes with the same key again gets what was
        finished, or Uncertain when nobody knows whether it was done.
        """

    async def finish(self, call: str, key: str, result: str) -> None:
        """Write down what came of it."""

    async def close(self) -> None: ...


# Evidence.


class Journal(Protocol):
    """Where a call's story goes, one entry after the other. Holds personal data."""

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        """`at` is seconds since the call was offered."""
