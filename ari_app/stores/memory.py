"""Records of live calls in this process: for one worker only, and gone with it."""

from dataclasses import replace

from ari_app.call.record import Begun, CallRecord, Effect, Finished, Uncertain
from ari_app.errors import StaleRecord


class MemoryStore:
    """Implements CallStore; always there, and nothing of it outlives the process."""

    healthy = True

    def __init__(self) -> None:
        self._records: dict[str, CallRecord] = {}
        self._effects: dict[str, dict[str, Effect]] = {}

    async def ping(self) -> None: ...

    async def save(self, record: CallRecord) -> CallRecord:
        stored = self._records.get(record.call)
        revision, worker = (stored.revision, stored.worker) if stored else (0, record.worker)
        if (revision, worker) != (record.revision, record.worker):
            raise StaleRecord(f"call {record.call}: written by somebody else, or over")
        return self._write(record)

    async def load(self, call: str) -> CallRecord | None:
        return self._records.get(call)

    async def calls(self) -> tuple[CallRecord, ...]:
        return tuple(self._records.values())

    async def claim(self, call: str, worker: str, lost: str) -> CallRecord:
        """A worker cannot claim from itself: while this store lives, so does its worker."""
        stored = self._records.get(call)
        if stored is None or stored.worker != lost or lost == worker:
            raise StaleRecord(f"call {call}: not {lost}'s to be claimed")
        return self._write(replace(stored, worker=worker))

    async def delete(self, call: str, worker: str) -> None:
        stored = self._records.get(call)
        if stored is None or stored.worker == worker:
            self._records.pop(call, None)
            self._effects.pop(call, None)

    async def begin(self, call: str, key: str) -> Effect:
        effects = self._effects.setdefault(call, {})
        known = effects.get(key)
        effects.setdefault(key, Uncertain())
        return known or Begun()

    async def finish(self, call: str, key: str, result: str) -> None:
        self._effects.setdefault(call, {})[key] = Finished(result)

    async def close(self) -> None: ...

    def _write(self, record: CallRecord) -> CallRecord:
        written = replace(record, revision=record.revision + 1)
        self._records[record.call] = written
        return written
