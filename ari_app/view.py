"""A worker as it may be looked at: what its rooms know of themselves, put together."""

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from ari_app.ari.pooled import PooledLines
from ari_app.ari.shared import SharedLines
from ari_app.board.board import MediaBoard
from ari_app.call.record import CallRecord
from ari_app.config import Pbx, Settings
from ari_app.watch.figures import Figures
from ari_app.watch.http import WatchServer
from ari_app.watch.notify import ServiceNotices
from ari_app.watch.observed import Snapshot, seen
from ari_app.watch.watch import Watch


class Driven(Protocol):
    """A live call."""

    @property
    def record(self) -> CallRecord: ...


class Kept(Protocol):
    """What may be away: the store, and what is written behind to it."""

    @property
    def healthy(self) -> bool: ...


class View:
    """Implements watch.Observed. drivers is looked at again each time."""

    def __init__(
        self,
        settings: Settings,
        board: MediaBoard,
        *,
        lines: Iterable[tuple[Pbx, SharedLines | PooledLines]],
        drivers: Collection[Driven],
        kept: Iterable[Kept],
        draining: Callable[[], bool],
    ) -> None:
        self._most = settings.most_calls
        self._board = board
        self._lines = list(lines)
        self._drivers = drivers
        self._kept = list(kept)
        self._draining = draining

    def snapshot(self) -> Snapshot:
        """A PBX is connected when its events come; pooled calls come to a port that is ours."""
        wallclock = time.time()
        return Snapshot(
            lines={
                pbx.name: line.connected.is_set()
                for pbx, line in self._lines
                if isinstance(line, SharedLines)
            },
            store_healthy=all(kept.healthy for kept in self._kept),
            draining=self._draining(),
            room=max(0, self._most - len(self._drivers)),
            calls=tuple(seen(driver.record, wallclock) for driver in self._drivers),
            lateness=self._board.lateness,
            counts=_counts(line for _, line in self._lines),
        )


def _counts(lines: Iterable[SharedLines | PooledLines]) -> Counter[str]:
    """What all lines have counted, by what."""
    counts: Counter[str] = Counter()
    for line in lines:
        if isinstance(line, PooledLines):
            counts.update(line.seen)
            counts["refused"] += line.door.refused.total()
        else:
            feed = line.feed
            counts.update(reaped=line.reaped, returned=line.returned, connects=feed.connects)
            counts.update(malformed=feed.malformed, unknown=feed.unknown)
    return counts


def watch_of(settings: Settings, figures: Figures, view: View) -> Watch:
    """What watches a worker, not entered yet."""
    figures.observe(view)
    server, watch = None, settings.watch
    if watch.port:
        port = watch.port + settings.worker - 1
        server = WatchServer(str(watch.bind), port, view, figures)
    return Watch(server, ServiceNotices(os.environ))
