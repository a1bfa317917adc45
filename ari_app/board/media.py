"""One media as the rest of the program sees it: verbs go to the beat, events come from it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from ari_app.board import messages
from ari_app.board.messages import Address, Message
from ari_app.board.taps import BoardTap
from ari_app.media.resample import Resampler
from ari_app.media.rows import RATE
from ari_app.media.values import Audio, FrameHeard, MediaEvent, StreamClosed, TapPair

LONGEST = 250
"Frames that the consumer of events may be behind: 5 s."


class _Events:
    """What happened, in order. Of frames only the newest 250 are kept, everything else is."""

    def __init__(self) -> None:
        self.dropped = 0
        self._count = 0
        self._frames: deque[tuple[int, MediaEvent]] = deque()
        self._others: deque[tuple[int, MediaEvent]] = deque()
        self._changed = asyncio.Event()

    def put(self, event: MediaEvent) -> None:
        self._count += 1
        if isinstance(event, FrameHeard):
            if len(self._frames) >= LONGEST:
                self._frames.popleft()
                self.dropped += 1
            self._frames.append((self._count, event))
        else:
            self._others.append((self._count, event))
        self._changed.set()

    def skip_frames(self) -> None:
        self._frames.clear()

    async def take(self) -> MediaEvent:
        while not (self._frames or self._others):
            self._changed.clear()
            await self._changed.wait()
        if not self._others or (self._frames and self._frames[0] < self._others[0]):
            return self._frames.popleft()[1]
        return self._others.popleft()[1]


class BoardMedia:
    """A row of the board. Verbs after `close` do nothing."""

    def __init__(self, media: str, row: int, codec: str, tell: Callable[[Message], None]) -> None:
        self._id = media
        self._row = row
        self._tell = tell
        self._events = _Events()
        self._taps: list[BoardTap] = []
        self._resamplers: dict[str, tuple[int, Resampler]] = {}
        self._is_open = True
        tell(messages.Open(row, media, codec))

    @property
    def id(self) -> str:
        return self._id

    @property
    def dropped(self) -> int:
        """Frames that were dropped because nobody read the events."""
        return self._events.dropped

    def connect(self, remote: Address) -> None:
        self._say(messages.Connect(self._row, remote))

    def play(self, item: str, audio: Audio) -> None:
        """As the port says. An item has one rate: raises ValueError when it changes."""
        if item not in self._resamplers:
            self._resamplers[item] = audio.rate, Resampler(audio.rate, RATE)
        rate, resampler = self._resamplers[item]
        if rate != audio.rate:
            raise ValueError(f"item {item!r} began with {rate} Hz, goes on with {audio.rate} Hz")
        self._say(messages.Play(self._row, item, resampler.push(audio.samples)))

    def finish(self, item: str) -> None:
        self._resamplers.pop(item, None)  # the last 1.5 ms are in it: an item is as long as given
        self._say(messages.Finish(self._row, item))

    def pause(self) -> None:
        self._say(messages.Pause(self._row))

    def resume(self, rewind: float = 0.0) -> None:
        self._say(messages.Resume(self._row, rewind))

    def flush(self) -> None:
        self._resamplers.clear()
        self._say(messages.Flush(self._row))

    def expect_silence(self, on: bool) -> None:
        self._say(messages.ExpectSilence(self._row, on))

    def catch_up(self) -> None:
        self._events.skip_frames()

    async def events(self) -> AsyncIterator[MediaEvent]:
        while True:
            event = await self._events.take()
            yield event
            if isinstance(event, StreamClosed):
                return

    def tap(self) -> BoardTap:
        tap = BoardTap(self._untap)
        self._taps.append(tap)
        if not self._is_open:
            tap.end()
        elif len(self._taps) == 1:
            self._say(messages.Listen(self._row, True))
        return tap

    def close(self) -> None:
        self._say(messages.Close(self._row))
        self._is_open = False

    def deliver(self, report: MediaEvent | TapPair) -> None:
        """Take what the beat reports of this media."""
        if isinstance(report, TapPair):
            for tap in self._taps:
                tap.put(report)
            return
        if isinstance(report, StreamClosed):
            self._is_open = False
            for tap in self._taps:
                tap.end()
        self._events.put(report)

    def _untap(self, tap: BoardTap) -> None:
        if tap in self._taps:
            self._taps.remove(tap)
            if not self._taps:
                self._say(messages.Listen(self._row, False))

    def _say(self, message: Message) -> None:
        if self._is_open:
            self._tell(message)
