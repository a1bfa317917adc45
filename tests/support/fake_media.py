"""A `Media` without network: plays in the loop's time and lets the test be the caller."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import numpy as np

from ari_app.media.values import (
    Audio,
    FrameHeard,
    MediaEvent,
    MediaStatistics,
    Played,
    SpeechBegan,
    SpeechEnded,
    StreamClosed,
    TapPair,
)
from ari_app.ports import Address

FRAME = 0.02
ONSET, HANGOVER = 0.06, 0.1
"How late the detector of media.gate tells of speech and of silence, seconds."


class NoTap:
    dropped = 0

    async def pairs(self) -> AsyncIterator[TapPair]:
        return
        yield

    def close(self) -> None: ...


@dataclass
class _Item:
    seconds: float = 0.0
    sent: float = 0.0
    complete: bool = False


@dataclass
class FakeMedia:
    """Delivers a frame every 20 ms from `run` on, and plays what it is given.

    Tests read `spoken` (item → seconds sent), `verbs` (what it was told, with the loop's time)
    and say what the caller does with `speak`.
    """

    id: str = "m1"
    far_delay: float = 0.06
    spoken: dict[str, float] = field(default_factory=dict)
    verbs: list[tuple[float, str]] = field(default_factory=list)
    silence_expected: bool = False

    def __post_init__(self) -> None:
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self._queue: dict[str, _Item] = {}
        self._paused = False
        self._at = 0.0
        self._edges: list[tuple[float, MediaEvent]] = []

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / FRAME)):
            await asyncio.sleep(FRAME)
            self._hear()
            self._send()
        await asyncio.sleep(1e-6)  # the last frame is consumed, too

    def speak(self, began: float, ended: float) -> None:
        """The caller speaks from one media time to another, both in the future."""
        self._edges += [(began + ONSET, SpeechBegan(began)), (ended + HANGOVER, SpeechEnded(ended))]
        self._edges.sort(key=lambda edge: edge[0])

    def tell(self, event: MediaEvent) -> None:
        self._events.put_nowait(event)

    def _hear(self) -> None:
        self.tell(FrameHeard(np.ones(160, np.int16), round(self._at, 3)))
        self._at += FRAME
        while self._edges and self._edges[0][0] <= self._at + 1e-9:
            self.tell(self._edges.pop(0)[1])

    def _send(self) -> None:
        if self._paused or not self._queue:
            return
        name, item = next(iter(self._queue.items()))
        if item.sent < item.seconds - 1e-9:
            item.sent = min(item.seconds, item.sent + FRAME)
            self.spoken[name] = self.spoken.get(name, 0.0) + FRAME
            if round(item.sent / FRAME) % 10 == 1:
                self.tell(Played(name, max(0.0, item.sent - self.far_delay), "playing"))
        if item.complete and item.sent >= item.seconds - 1e-9:
            del self._queue[name]
            self.tell(Played(name, item.seconds, "finished"))

    # The port.

    def connect(self, remote: Address) -> None: ...

    def play(self, item: str, audio: Audio) -> None:
        self._queue.setdefault(item, _Item()).seconds += audio.seconds

    def finish(self, item: str) -> None:
        self._queue.setdefault(item, _Item()).complete = True

    def pause(self) -> None:
        self._note("pause")
        self._paused = True

    def resume(self, rewind: float = 0.0) -> None:
        self._note(f"resume {rewind:.1f}")
        self._paused = False
        for item in list(self._queue.values())[:1]:
            item.sent = max(0.0, item.sent - rewind)

    def flush(self) -> None:
        self._note("flush")
        for name, item in self._queue.items():
            self.tell(Played(name, max(0.0, item.sent - self.far_delay), "cut"))
        self._queue.clear()

    def expect_silence(self, on: bool) -> None:
        self.silence_expected = on

    def catch_up(self) -> None:
        events = [self._events.get_nowait() for _ in range(self._events.qsize())]
        for event in events:
            if not isinstance(event, FrameHeard):
                self.tell(event)

    async def events(self) -> AsyncIterator[MediaEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, StreamClosed):
                return

    def tap(self) -> NoTap:
        return NoTap()

    def close(self) -> None:
        self.tell(StreamClosed(MediaStatistics()))

    def _note(self, verb: str) -> None:
        self.verbs.append((round(asyncio.get_running_loop().time(), 3), verb))
