"""What is said next, and how much of it the caller has been sent.

Items play in the order in which they were begun, each to its end. While nothing is to be said, or
while paused, the next frame is silence.
"""

from collections import deque

import numpy as np

from ari_app.media.rows import FRAME, FRAME_SECONDS, RATE, Rows
from ari_app.media.values import Played, Samples

PROGRESS_FRAMES = 10
"Frames between two Played(…, playing) of an item: 200 ms."
_REMEMBERED = 32
"Items that are over and whose late audio is still recognised."


class _Item:
    """One agent utterance: its audio, and where in it we are (samples)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.audio = bytearray()
        self.complete = False
        self.sent = 0
        self.played = 0
        self.told = -PROGRESS_FRAMES * FRAME

    @property
    def length(self) -> int:
        return len(self.audio) // 2

    @property
    def is_ready(self) -> bool:
        """A frame can be sent: a whole one, or the rest of an item that is complete."""
        left = self.length - self.sent
        return left >= FRAME or (self.complete and left > 0)

    @property
    def is_over(self) -> bool:
        return self.complete and min(self.sent, self.played) >= self.length

    def read(self, out: Samples) -> None:
        """The next frame; the last one is filled up with silence."""
        count = min(FRAME, self.length - self.sent)
        out[:count] = np.frombuffer(self.audio, np.int16, count, 2 * self.sent)
        out[count:] = 0
        self.sent += count


class _Queue:
    """What one media still has to say, and what it said that may not have been heard yet."""

    def __init__(self, far_frames: int) -> None:
        self.items: deque[_Item] = deque()
        self.over: deque[str] = deque(maxlen=_REMEMBERED)
        self.far: deque[tuple[_Item, int] | None] = deque([None] * far_frames)


class Playout:
    """The queues of all rows.

    far_delay: seconds that the far side holds a frame before it is heard; `Played` counts what
    was sent before that.
    """

    def __init__(self, rows: Rows, far_delay: float) -> None:
        self._rows = rows
        self._far_frames = round(far_delay / FRAME_SECONDS)
        self._queues = [_Queue(self._far_frames) for _ in range(rows.count)]

    def clear(self, row: int) -> None:
        self._queues[row] = _Queue(self._far_frames)

    def play(self, row: int, name: str, samples: Samples) -> None:
        """Queue more of an item (8 kHz). Audio of an item that is over is not played."""
        item = self._item(row, name)
        if item is not None and not item.complete:
            item.audio += np.ascontiguousarray(samples, np.int16).tobytes()
            self._look(row)

    def finish(self, row: int, name: str) -> None:
        """Nothing more of this item comes."""
        item = self._item(row, name)
        if item is not None:
            item.complete = True
            self._look(row)

    def pause(self, row: int) -> None:
        self._rows.paused[row] = True
        self._look(row)

    def resume(self, row: int, rewind: float = 0.0) -> None:
        """Go on, repeating the last `rewind` seconds of what was said (within its item)."""
        self._rows.paused[row] = False
        begun = [item for item in self._queues[row].items if item.sent]
        if begun:
            begun[-1].sent = max(0, begun[-1].sent - round(rewind * RATE))
        self._look(row)

    def flush(self, row: int) -> list[Played]:
        """Drop everything; how much of each item was played."""
        queue = self._queues[row]
        cut = [Played(item.name, item.played / RATE, "cut") for item in queue.items]
        queue.over.extend(item.name for item in queue.items)
        queue.items.clear()
        queue.far = deque([None] * self._far_frames)
        self._look(row)
        return cut

    def next(self, row: int, out: Samples) -> list[Played]:
        """Write the frame that is sent now, shape (160,); what was played by sending it.

        A row that is not `busy` need not be asked: it sends silence and has nothing to tell.
        """
        queue = self._queues[row]
        if self._rows.ready[row]:
            item = self._current(queue)
            assert item is not None
            item.read(out)
            queue.far.append((item, item.sent))
            if not item.is_ready:
                self._look(row)
        else:
            out[:] = 0
            queue.far.append(None)
        played = self._advance(queue)
        self._rows.busy[row] = bool(queue.items)
        return played

    @staticmethod
    def _advance(queue: _Queue) -> list[Played]:
        told = []
        reached = queue.far.popleft()
        if reached is not None:
            item, position = reached
            item.played = max(item.played, position)
            if not item.is_over and item.played - item.told >= PROGRESS_FRAMES * FRAME:
                item.told = item.played
                told.append(Played(item.name, item.played / RATE, "playing"))
        while queue.items and queue.items[0].is_over:
            item = queue.items.popleft()
            queue.over.append(item.name)
            told.append(Played(item.name, item.played / RATE, "finished"))
        return told

    @staticmethod
    def _current(queue: _Queue) -> _Item | None:
        """What is being said: the first item that was not sent to its end."""
        for item in queue.items:
            if not (item.complete and item.sent >= item.length):
                return item
        return None

    def _item(self, row: int, name: str) -> _Item | None:
        """The item of this name, a new one if need be; None when it is over."""
        queue = self._queues[row]
        if name in queue.over:
            return None
        for item in queue.items:
            if item.name == name:
                return item
        queue.items.append(_Item(name))
        return queue.items[-1]

    def _look(self, row: int) -> None:
        """Keep `ready` true exactly while the next frame is speech."""
        queue = self._queues[row]
        current = self._current(queue)
        self._rows.busy[row] = bool(queue.items)
        self._rows.ready[row] = (
            not self._rows.paused[row] and current is not None and current.is_ready
        )
