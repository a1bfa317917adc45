"""Records written behind the calls: nobody waits for the store, and the newest always gets there.

While the store is away one record a call waits here, the newest. What must be known before it
happens does not belong here but into `CallStore.begin`.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import structlog

from ari_app.call.record import CallRecord
from ari_app.errors import StaleRecord, StoreUnavailable
from ari_app.ports import CallStore

GATHER_SECONDS = 0.1
"What happens within this time after a change is written with it."
RETRY_SECONDS = 0.25
"Pause after a failed attempt."
MOST_DELETIONS = 10_000
"Ended calls that wait for the store to come back; records of others expire by themselves."

log = structlog.get_logger()


class WriteBehind:
    """Keeps the store's records up to date. Use inside a running loop; you must `close` it.

    adopted: told the call when its record turns out to be somebody else's. Such a call is not
    written any more, nor is its record deleted.
    """

    def __init__(self, store: CallStore, adopted: Callable[[str], None]) -> None:
        self._store = store
        self._adopted = adopted
        self._changed: dict[str, CallRecord] = {}
        self._ended: dict[str, str] = {}
        "Worker by call."
        self._revisions: dict[str, int] = {}
        "Of what was written last; of live calls only."
        self._foreign: set[str] = set()
        self._degraded = False
        self._work = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task = asyncio.create_task(self._run())

    @property
    def healthy(self) -> bool:
        """Could everything be written so far?"""
        return not self._degraded

    def note(self, record: CallRecord) -> None:
        """The call's record has changed. Its revision counts only for the first note of a call
        (0, or what `claim` returned)."""
        if record.call not in self._foreign:
            self._revisions.setdefault(record.call, record.revision)
            self._changed[record.call] = record
            self._work.set()

    def forget(self, call: str, worker: str) -> None:
        """The worker's call has ended: delete its record."""
        self._changed.pop(call, None)
        known = self._revisions.pop(call, None) is not None
        if call in self._foreign:
            self._foreign.remove(call)
        elif known:
            self._ended[call] = worker
            if len(self._ended) > MOST_DELETIONS:
                del self._ended[next(iter(self._ended))]
            self._work.set()

    def release(self, call: str) -> None:
        """Somebody else shall take the call over: its record stays as it was written last."""
        self._changed.pop(call, None)
        self._foreign.add(call)

    async def flush(self) -> bool:
        """Write what waits, now. False when the store could not be reached."""
        async with self._writing:
            while self._changed or self._ended:
                if not await self._write_all():
                    return False
        return True

    async def close(self) -> None:
        """Write what waits, if that can be done at once, and stop."""
        async with self._writing:  # not in the middle of it
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self.flush()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(RETRY_SECONDS if self._degraded else GATHER_SECONDS)
            self._work.clear()
            if not await self.flush():
                self._work.set()

    async def _write_all(self) -> bool:
        """Everything that waits, once. False when some of it could not be written."""
        changed, self._changed = self._changed, {}
        ended, self._ended = self._ended, {}
        saves = [self._save(record) for record in changed.values()]
        deletions = [self._delete(call, worker) for call, worker in ended.items()]
        reached = all(await asyncio.gather(*saves, *deletions))
        if reached == self._degraded:
            self._degraded = not reached
            waiting = len(self._changed) + len(self._ended)
            if reached:
                log.info("store_restored")
            else:
                log.warning("store_degraded", waiting=waiting)
        return reached

    async def _save(self, record: CallRecord) -> bool:
        call, revision = record.call, self._revisions.get(record.call)
        if revision is None:  # forgotten meanwhile
            return True
        try:
            written = await self._store.save(replace(record, revision=revision))
        except StoreUnavailable:
            self._changed.setdefault(call, record)
            return False
        except StaleRecord:
            if call in self._revisions:
                self._lose(call)
            return True
        if call in self._revisions:
            self._revisions[call] = written.revision
        return True

    async def _delete(self, call: str, worker: str) -> bool:
        try:
            await self._store.delete(call, worker)
        except StoreUnavailable:
            self._ended[call] = worker
            return False
        return True

    def _lose(self, call: str) -> None:
        log.warning("record_is_somebody_elses", call=call)
        self._foreign.add(call)
        self._changed.pop(call, None)
        asyncio.get_running_loop().call_soon(self._adopted, call)
