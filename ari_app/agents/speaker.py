"""Turns lines into items, one after the other, each voiced whole unless it is dropped."""

import asyncio
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from ari_app.agents.outbox import Outbox
from ari_app.conversation.values import (
    AgentEvent,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ItemText,
    SessionFailed,
)
from ari_app.errors import AgentError
from ari_app.ports import Voice


@dataclass(frozen=True)
class Line:
    """One item to be said."""

    item: str
    text: str
    language: str
    interruptible: bool


class Speaker:
    """Says lines and passes events on, strictly in the order given, into an outbox.

    When the voice fails, SessionFailed is the outbox's last event. You must `close` it.
    """

    def __init__(self, voice: Voice, outbox: Outbox) -> None:
        self._voice = voice
        self._outbox = outbox
        self._waiting: deque[Line | AgentEvent] = deque()
        self._news = asyncio.Event()
        self._items: list[str] = []
        "Every item that was ever given."
        self._current = ""
        self._voicing: asyncio.Task[None] | None = None
        self._task = asyncio.create_task(self._work())

    def give(self, *work: Line | AgentEvent) -> None:
        self._waiting.extend(work)
        self._items.extend(each.item for each in work if isinstance(each, Line))
        self._news.set()

    def drop(self, items: Collection[str]) -> None:
        """Say no more of these items; what stands between them remains."""
        kept = [each for each in self._waiting if not _is_one_of(each, items)]
        self._waiting = deque(kept)
        if self._voicing is not None and self._current in items:
            self._voicing.cancel()
        self._outbox.drop(items)

    def clear(self) -> None:
        """Forget everything that was given and is not consumed."""
        self._waiting.clear()
        self.drop(self._items)

    async def close(self) -> None:
        """Stop at once; returns when nothing runs any more."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    async def _work(self) -> None:
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await self._perform(self._waiting.popleft())
        except AgentError as error:
            self._outbox.put(SessionFailed(f"the voice failed: {error}", error.retryable))
        finally:
            self._outbox.close()

    async def _perform(self, work: Line | AgentEvent) -> None:
        if not isinstance(work, Line):
            self._outbox.put(work)
            return
        self._current = work.item
        self._voicing = asyncio.create_task(self._say(work))
        try:
            await asyncio.wait({self._voicing})
            if not self._voicing.cancelled():
                self._voicing.result()
        finally:
            self._voicing.cancel()
            self._voicing = None

    async def _say(self, line: Line) -> None:
        self._outbox.put(ItemStarted(line.item, line.interruptible))
        self._outbox.put(ItemText(line.item, line.text))
        async for audio in self._voice.speak(line.text, line.language):
            self._outbox.put(ItemAudio(line.item, audio))
        self._outbox.put(ItemFinished(line.item))


def _is_one_of(work: Line | AgentEvent, items: Collection[str]) -> bool:
    return isinstance(work, Line) and work.item in items
