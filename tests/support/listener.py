"""Takes an agent's events as a conversation would, and waits for what a test expects."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from ari_app.conversation.values import (
    AgentEvent,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ItemText,
)
from ari_app.ports import AgentSession

E = TypeVar("E")
PATIENCE = 2.0
"A test that waits longer than this for an event has failed, seconds."


class Listener:
    """`async with Listener(session)`: everything the session says from now on."""

    def __init__(self, session: AgentSession) -> None:
        self._session = session
        self._news = asyncio.Condition()
        self.events: list[AgentEvent] = []
        self.ended = False

    async def __aenter__(self) -> "Listener":
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _listen(self) -> None:
        async for event in self._session.events():
            async with self._news:
                self.events.append(event)
                self._news.notify_all()
        async with self._news:
            self.ended = True
            self._news.notify_all()

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(true)

    async def settled(self) -> None:
        """Nothing more comes without another cause (nothing here waits for the clock)."""
        seen = -1
        while seen < len(self.events):
            seen = len(self.events)
            for _ in range(50):
                await asyncio.sleep(0)

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def said(self) -> list[str]:
        """The words of every item, in order."""
        return ["".join(self.words(started.item)) for started in self.all(ItemStarted)]

    def words(self, item: str) -> list[str]:
        return [text.text for text in self.all(ItemText) if text.item == item]

    def of(self, item: str) -> list[AgentEvent]:
        """All events of one item."""
        kinds = (ItemStarted, ItemText, ItemAudio, ItemFinished)
        return [e for e in self.events if isinstance(e, kinds) and e.item == item]
