"""Is there room for another call? A full worker does not listen: the PBX goes to others."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from ari_app.ari.pooled import PooledLines
from ari_app.errors import AsteriskError

log = structlog.get_logger()


class Room:
    """Of one worker, on all its lines. Pooled lines listen only while there is some."""

    def __init__(self, most: int, driven: Callable[[], Iterable[str]]) -> None:
        """most: calls at once; driven: those that are being driven now."""
        self._most = most
        self._driven = driven
        self._pooled: list[PooledLines] = []
        self._full = False
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def calls(self) -> int:
        """How many there are: driven, or on a pooled line and about to be offered."""
        held = sum(pooled.held for pooled in self._pooled)
        return held + sum(not self.pooled(call) for call in self._driven())

    @property
    def is_full(self) -> bool:
        return self.calls >= self._most

    def pooled(self, call: str) -> bool:
        """Is the call on a pooled line?"""
        return any(call in pooled.calls for pooled in self._pooled)

    def watch(self, pooled: PooledLines) -> None:
        """From now on it listens while there is room."""
        self._pooled.append(pooled)

    def close(self) -> None:
        """No room for anybody from now on."""
        self._closed = True
        self.look()

    async def emptied(self) -> None:
        """Returns when no call is left."""
        while self.calls:
            self._changed.clear()
            await self._changed.wait()

    def look(self) -> None:
        """Tell it whenever a call has come or gone."""
        self._changed.set()
        if self.is_full is not self._full:
            self._full = self.is_full
            log.info("worker full" if self._full else "worker has room", calls=self.calls)
        for pooled in self._pooled:
            if self._full or self._closed:
                pooled.shut()
            else:
                self._open(pooled)

    def _open(self, pooled: PooledLines) -> None:
        try:
            pooled.start()
        except AsteriskError as error:  # the next call that goes is another chance
            log.error("not listening", why=str(error))
