"""Records of live calls in Redis: they outlive the worker, and any other can carry on."""

import asyncio
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ari_app.call.record import FORMAT, Begun, CallRecord, Effect, Finished, Uncertain
from ari_app.errors import StaleRecord, StoreUnavailable
from ari_app.stores import scripts
from ari_app.stores.link import RedisLink
from ari_app.stores.serial import FIELDS, pack, unpack
from ari_app.stores.settings import StoreSettings

BEGIN_SECONDS = 0.05
"How long a call may be held up before something consequential."
SECONDS = 0.25
"How long anything else may take."
GONE_SECONDS = 3600.0
"How long a deleted call's name is remembered: longer than any write is late."
CHUNK = 100
"Records read at once: others wait in the server meanwhile."


class RedisStore:
    """Implements CallStore. Raises ConfigError when the extra `redis` is missing.

    Beyond the contract: a record that the server lost (restarted without a disk, failed over) is
    written again by the next `save`, with the effects that this store began; a save or claim that
    had no answer may be repeated.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._link = RedisLink(settings)
        self._prefix = settings.prefix
        self._expiry = int(settings.expiry * 1000)
        self._writer = secrets.token_hex(8)
        self._attempts = itertools.count(1)
        self._unsure: dict[str, int] = {}
        "By call: the first attempt of which nobody knows whether it was carried out."
        self._begun: dict[str, dict[str, str]] = {}
        "By call and key: what the server was told of the effects that began here."

    @property
    def healthy(self) -> bool:
        return self._link.healthy

    async def ping(self) -> None:
        """Reach the server, with time to connect. Raises StoreUnavailable, saying why not."""
        await self._link.ping()

    async def save(self, record: CallRecord) -> CallRecord:
        keys = (self._record(record.call), self._calls, self._effects(record.call))
        begun = self._begun.get(record.call, {})
        effects = [part for key_and_value in begun.items() for part in key_and_value]
        facts: list[str | bytes | int] = [record.call, record.revision, pack(record), *effects]
        revision = await self._write(scripts.SAVE, record.call, record.worker, keys, facts)
        if revision is None:
            self._begun.pop(record.call, None)
            raise StaleRecord(f"call {record.call}: written by somebody else, or over")
        return replace(record, revision=revision)

    async def load(self, call: str) -> CallRecord | None:
        values = await self._link.run(SECONDS, "HMGET", self._record(call), *FIELDS)
        return unpack(call, values)

    async def calls(self) -> tuple[CallRecord, ...]:
        """In rounds of some hundred, so that this takes as long as it takes."""
        members = await self._link.run(SECONDS, "SMEMBERS", self._calls)
        names = sorted(name.decode("utf-8", "replace") for name in members)
        found = []
        for first in range(0, len(names), CHUNK):
            chunk = names[first : first + CHUNK]
            keys = (self._calls, *map(self._record, chunk))
            rows = await self._eval(SECONDS, scripts.LOAD_MANY, keys, chunk)
            found += [unpack(name, row) for name, row in zip(chunk, rows, strict=True)]
        return tuple(record for record in found if record is not None)

    async def claim(self, call: str, worker: str, lost: str) -> CallRecord:
        """A restarted worker claims from itself once: what this store wrote last is not lost."""
        values = await self._write(scripts.CLAIM, call, worker, (self._record(call),), (lost,))
        record = unpack(call, values) if values is not None else None
        if record is None:
            raise StaleRecord(f"call {call}: not {lost}'s to be claimed")
        return record

    async def delete(self, call: str, worker: str) -> None:
        self._begun.pop(call, None)
        keys = (self._record(call), self._calls, self._effects(call))
        facts = (FORMAT, worker, int(GONE_SECONDS * 1000), call)
        await self._eval(SECONDS, scripts.DELETE, keys, facts)
        self._unsure.pop(call, None)

    async def begin(self, call: str, key: str) -> Effect:
        known = self._begun.get(call, {}).get(key)
        if known is None:
            keys, facts = (self._effects(call),), (key, self._expiry)
            told: bytes | None = await self._eval(BEGIN_SECONDS, scripts.BEGIN, keys, facts)
            if told is None:
                self._begun.setdefault(call, {})[key] = "?"
                return Begun()
            known = told.decode("utf-8", "replace")
        return Finished(known[1:]) if known.startswith("=") else Uncertain()

    async def finish(self, call: str, key: str, result: str) -> None:
        value = f"={result}"
        if key in self._begun.get(call, {}):
            self._begun[call][key] = value
        keys, facts = (self._effects(call),), (key, self._expiry, value)
        await self._eval(SECONDS, scripts.FINISH, keys, facts)

    async def close(self) -> None:
        await self._link.close()

    # Keys and scripts.

    @property
    def _calls(self) -> str:
        return f"{self._prefix}calls"

    def _record(self, call: str) -> str:
        return f"{self._prefix}call:{call}"

    def _effects(self, call: str) -> str:
        return f"{self._prefix}effects:{call}"

    async def _write(
        self,
        script: str,
        call: str,
        worker: str,
        keys: Sequence[str],
        facts: Sequence[str | bytes | int],
    ) -> Any:
        """A change of a record, remembered as unsure when no answer came."""
        attempt = next(self._attempts)
        since = self._unsure.get(call, attempt)
        ours = (FORMAT, worker, self._writer, attempt, since, self._expiry)
        try:
            answer = await self._eval(SECONDS, script, keys, (*ours, *facts))
        except (StoreUnavailable, asyncio.CancelledError):
            self._unsure[call] = since
            raise
        self._unsure.pop(call, None)
        return answer

    async def _eval(
        self,
        seconds: float,
        script: str,
        keys: Sequence[str],
        facts: Sequence[str | bytes | int],
    ) -> Any:
        return await self._link.run(seconds, "EVAL", script, len(keys), *keys, *facts)
