"""Agent events on their way to their one consumer: in order, and none of a dropped item."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection

from ari_app.conversation.values import (
    AgentEvent,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ItemText,
)


class Outbox:
    """A queue of events that can take back what was not consumed yet."""

    def __init__(self) -> None:
        self._events: deque[AgentEvent] = deque()
        self._begun: set[str] = set()
        "Items whose beginning was consumed, but not their end."
        self._news = asyncio.Event()
        self._closed = False

    def put(self, event: AgentEvent) -> None:
        """Nothing can be put into a closed outbox: it is dropped."""
        if not self._closed:
            self._events.append(event)
            self._news.set()

    def drop(self, items: Collection[str]) -> None:
        """Take these items back; one whose beginning was consumed is finished at once."""
        kept = [event for event in self._events if _item(event) not in items]
        ended = [ItemFinished(item) for item in items if item in self._begun]
        self._events = deque([*ended, *kept])
        self._news.set()

    def close(self) -> None:
        """No more events; those that wait are still consumed."""
        self._closed = True
        self._news.set()

    async def events(self) -> AsyncIterator[AgentEvent]:
        """All events until the outbox is closed and empty."""
        while True:
            while self._events:
                yield self._taken()
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()

    def _taken(self) -> AgentEvent:
        event = self._events.popleft()
        if isinstance(event, ItemStarted):
            self._begun.add(event.item)
        elif isinstance(event, ItemFinished):
            self._begun.discard(event.item)
        return event


def _item(event: AgentEvent) -> str | None:
    if isinstance(event, ItemStarted | ItemText | ItemAudio | ItemFinished):
        return event.item
    return None
