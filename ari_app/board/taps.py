"""Taps: pairs of what was heard and what was sent at the same media time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import numpy as np

from ari_app.media.rows import FRAME, FRAME_SECONDS
from ari_app.media.values import Samples, TapPair

LONGEST = 250
"Pairs that a listener may be behind: 5 s."
_APART = 50
"Frames that one direction may be ahead of the other: 1 s."
_SILENCE = np.zeros(FRAME, np.int16)
_SILENCE.flags.writeable = False


class Pairing:
    """Joins the two directions of one media, frame by frame, from frame `start` on."""

    def __init__(self, start: int) -> None:
        self._caller: deque[Samples] = deque()
        self._agent: deque[Samples] = deque()
        self._paired = start

    def heard(self, number: int, frame: Samples) -> list[TapPair]:
        """Frame `number` of the caller."""
        return self._add(self._caller, number, frame)

    def sent(self, number: int, frame: Samples) -> list[TapPair]:
        """Frame `number` of the agent. Where numbers were left out, silence was played."""
        return self._add(self._agent, number, frame)

    def _add(self, side: deque[Samples], number: int, frame: Samples) -> list[TapPair]:
        missing = number - (self._paired + len(side))
        if missing < 0:  # before the start, or paired with silence already
            return []
        side.extend([_SILENCE] * min(missing, _APART))
        side.append(frame)
        pairs = []
        while (self._caller and self._agent) or len(side) > _APART:
            caller = self._caller.popleft() if self._caller else _SILENCE
            agent = self._agent.popleft() if self._agent else _SILENCE
            pairs.append(TapPair(self._paired * FRAME_SECONDS, caller, agent))
            self._paired += 1
        return pairs


class BoardTap:
    """A listener's bounded queue; when it is full the oldest pair is dropped and counted."""

    def __init__(self, closed: Callable[["BoardTap"], None]) -> None:
        self.dropped = 0
        self._pairs: deque[TapPair] = deque()
        self._closed = closed
        self._is_closed = False
        self._changed = asyncio.Event()

    async def pairs(self) -> AsyncIterator[TapPair]:
        while True:
            while self._pairs:
                yield self._pairs.popleft()
            if self._is_closed:
                return
            self._changed.clear()
            await self._changed.wait()

    def close(self) -> None:
        self.end()
        self._closed(self)

    def put(self, pair: TapPair) -> None:
        if len(self._pairs) >= LONGEST:
            self._pairs.popleft()
            self.dropped += 1
        self._pairs.append(pair)
        self._changed.set()

    def end(self) -> None:
        """Nothing more comes; what is queued can still be read."""
        self._is_closed = True
        self._changed.set()
