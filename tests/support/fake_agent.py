"""An agent that does what the test says and remembers what it was told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np

from ari_app.conversation.values import (
    AgentEvent,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ItemText,
    TurnEdge,
)
from ari_app.errors import AgentError
from ari_app.media.values import Audio
from ari_app.ports import Brief, Capabilities


def silence(seconds: float, rate: int = 8000) -> Audio:
    return Audio(np.zeros(round(seconds * rate), np.int16), rate)


@dataclass
class FakeSession:
    """An `AgentSession`. `told` holds what it was told, as text, with the loop's time."""

    told: list[tuple[float, str]] = field(default_factory=list)
    frames: list[Audio] = field(default_factory=list)
    closed: bool = False
    deaf: AgentError | None = None
    "Raised from now on by everything it is told."

    def __post_init__(self) -> None:
        self._events: asyncio.Queue[AgentEvent | AgentError | None] = asyncio.Queue()

    def give(self, *events: AgentEvent) -> None:
        for event in events:
            self._events.put_nowait(event)

    def say(self, item: str, text: str, seconds: float, *, interruptible: bool = True) -> None:
        """A whole utterance at once."""
        self.give(
            ItemStarted(item, interruptible),
            ItemText(item, text),
            ItemAudio(item, silence(seconds)),
            ItemFinished(item),
        )

    def end(self, error: AgentError | None = None) -> None:
        """The events end, or break."""
        self._events.put_nowait(error)

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._events.get()) is not None:
            if isinstance(event, AgentError):
                raise event
            yield event

    async def hear(self, frame: Audio) -> None:
        if self.deaf is not None:
            raise self.deaf
        self.frames.append(frame)

    async def turn(self, edge: TurnEdge) -> None:
        self._note(f"{edge.kind.value} {edge.at:.1f}")

    async def press(self, digits: str) -> None:
        self._note(f"keys {digits}")

    async def tell(self, text: str, *, respond: bool) -> None:
        self._note(f"tell {text}")

    async def interrupt(self, item: str, played: float) -> None:
        self._note(f"interrupt {item} {played:.1f}")

    async def answer_tool(self, call: str, result: str) -> None:
        self._note(f"answer {call}: {result}")

    async def rebrief(self, brief: Brief) -> None:
        self._note("rebrief")

    def _note(self, text: str) -> None:
        self.told.append((round(asyncio.get_running_loop().time(), 2), text))

    @property
    def heard(self) -> list[str]:
        """What it was told, without the times."""
        return [text for _, text in self.told]


@dataclass
class FakeProvider:
    """An `AgentProvider` of one session."""

    session: FakeSession
    connects: float = 0.0
    "How long it takes to open, seconds."
    refusal: AgentError | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)

    @asynccontextmanager
    async def connect(self, brief: Brief) -> AsyncIterator[FakeSession]:
        await asyncio.sleep(self.connects)
        if self.refusal is not None:
            raise self.refusal
        try:
            yield self.session
        finally:
            self.session.closed = True
