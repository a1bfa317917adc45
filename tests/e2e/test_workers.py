"""Several workers under one parent: killed, and restarted one by one, with calls on them."""

import asyncio
import itertools
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener, stretches
from ari_app.phone.port import PhoneCall, PhoneError
from ari_app.stores.redis import RedisStore
from tests.support.calls import nothing_left, outside_phone, until
from tests.support.pbx import application, leased_ports
from tests.support.redis import NO_REDIS, RedisServer, redis_program, running_redis

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(redis_program() is None, reason=NO_REDIS),
]
PASSWORD = "TEST_REDIS_PASSWORD"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def pooled(make_pbx: Any) -> Iterator[tuple[Sandbox, int]]:
    """A PBX, and the port to which it brings its calls."""
    with leased_ports() as first:
        yield make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{first + 2}/ari"), first + 2


class Family(Site):
    """Two workers of one parent, their calls in Redis."""

    def __init__(self, folder: Path, pooled: tuple[Sandbox, int], redis: RedisServer) -> None:
        pbx, port = pooled
        super().__init__(folder, pbx, workers=2, secrets={PASSWORD: redis.password})
        self._redis = redis
        self._pool = {"line": "pooled", "pool": {"port": port}}

    def begin(self, **changes: Any) -> None:
        pbx = self.sandbox
        url = pbx.ari_url.removesuffix("/ari")
        store = {"kind": "redis", "url": self._redis.url, "password_env": PASSWORD}
        line = [{"url": url, "user": pbx.ari_user, **self._pool}]
        self.configure({"pbx": line, "store": store, **changes})
        self.start()

    def logged(self, event: str) -> list[dict[str, Any]]:
        whole, _, _ = self.log.read_text().rpartition("\n")  # the rest is still being written
        lines = [line for line in whole.splitlines() if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry["event"] == event]

    def child(self, worker: int) -> int:
        """Its process now."""
        return [int(e["pid"]) for e in self.logged("worker started") if e["worker"] == worker][-1]

    async def calls(self) -> Counter[int]:
        """How many each worker has, as the records say."""
        store = RedisStore(self._redis.settings(prefix=f"{self.sandbox.settings.app}:"))
        try:
            records = await store.calls()
        finally:
            await store.close()
        return Counter(int(record.worker.rpartition(".")[2]) for record in records)

    def phases(self) -> list[str]:
        return [str(entry.get("phase")) for entry in self.journal()]


async def silence_after(call: PhoneCall, at: float) -> float:
    """Seconds from a point of the call until something is heard again."""
    await until(lambda: stretches(call.heard_since(at)), 8, "the agent speaks again")
    return stretches(call.heard_since(at))[0].at


async def test_the_conversation_outlives_its_worker_which_is_started_again(
    pooled: tuple[Sandbox, int], redis: RedisServer, tmp_path: Path
) -> None:
    family = Family(tmp_path / "family", pooled, redis)
    family.begin()
    try:
        async with outside_phone(family.sandbox) as phone:
            call = await phone.call("700")
            await call.answered(10)
            await asyncio.sleep(4.0)  # the notice was heard, the menu is being said
            [victim] = await family.calls()
            died = len(call.heard()) / 8000
            os.kill(family.child(victim), signal.SIGKILL)
            assert await silence_after(call, died + 0.06) < 3.0
            assert list(await family.calls()) == [3 - victim]
            await until(lambda: len(family.logged("worker started")) == 3, 3, "started again")
            await until(lambda: len(family.logged("serving")) == 3, 10, "serving again")
            await Listener(call).utterance()
            await call.press("2")
            await until(lambda: "handing over" in family.phases(), 8, "handed over by the heir")
            await call.hang_up()
        await nothing_left(family.sandbox)
    finally:
        assert family.stop() == 0


async def test_who_finds_all_workers_full_is_at_the_mailbox_and_the_next_is_served(
    pooled: tuple[Sandbox, int], redis: RedisServer, tmp_path: Path
) -> None:
    family = Family(tmp_path / "family", pooled, redis)
    family.begin(capacity=1)
    pbx = family.sandbox
    try:
        async with outside_phone(pbx) as phone:
            calls = []
            for _ in range(2):
                calls.append(await phone.call("700"))
                await calls[-1].answered(10)
            await asyncio.sleep(0.5)  # records are written behind
            assert await family.calls() == {1: 1, 2: 1}
            third = await phone.call("700")
            await third.answered(10)
            assert "VoiceMail" in application(pbx)
            await third.hang_up()
            await calls[0].hang_up()
            await until(lambda: family.logged("worker has room"), 3, "room again")
            calls.append(await phone.call("700"))
            await calls[-1].answered(10)
            await asyncio.sleep(0.5)
            assert await family.calls() == {1: 1, 2: 1}
            for call in calls[1:]:
                await call.hang_up()
        await nothing_left(pbx)
    finally:
        assert family.stop() == 0


class Talker:
    """A caller who answers whatever he is asked, until he has had enough; then says goodbye."""

    def __init__(self, call: PhoneCall) -> None:
        self._call = call
        self.enough = asyncio.Event()

    async def talk(self) -> None:
        """Press 1 (the opening hours; yes, there is something else), in the end 9 in the menu."""
        await self._call.answered(10)
        listener = Listener(self._call)
        keys = itertools.cycle("91")
        while True:
            try:
                await listener.utterance(quiet=0.5, timeout=30)
            except PhoneError:
                await self._call.ended(1)
                return
            await self._call.press(next(keys) if self.enough.is_set() else "1")

    def longest_silence(self) -> float:
        heard = stretches(self._call.heard(), 0.3)
        return max(after.at - before.until for before, after in itertools.pairwise(heard))


async def test_a_rolling_restart_loses_no_call(
    pooled: tuple[Sandbox, int], redis: RedisServer, tmp_path: Path
) -> None:
    family = Family(tmp_path / "family", pooled, redis)
    family.begin()
    talkers: list[Talker] = []
    try:
        async with outside_phone(family.sandbox) as phone, asyncio.TaskGroup() as group:

            async def call_in() -> None:
                talkers.append(Talker(await phone.call("700")))
                group.create_task(talkers[-1].talk())

            async def go_on_calling() -> None:
                while True:
                    await call_in()
                    await asyncio.sleep(2.0)

            for _ in range(6):
                await call_in()
            await asyncio.sleep(4.0)
            assert sum((await family.calls()).values()) == 6
            arriving = group.create_task(go_on_calling())
            for worker in (1, 2):
                serving = len(family.logged("serving"))
                os.kill(family.child(worker), signal.SIGTERM)
                await until(lambda n=serving: len(family.logged("serving")) > n, 15, "restarted")
            await asyncio.sleep(2.0)
            arriving.cancel()
            for talker in talkers:
                talker.enough.set()
        outcomes = Counter(str(e["outcome"]) for e in family.journal() if e.get("phase") == "ended")
        silences = sorted(round(talker.longest_silence(), 1) for talker in talkers)
        print(len(talkers), "calls", outcomes, "longest silences", silences)
        assert len(talkers) > 8
        assert len(family.logged("call adopted")) >= 6
        assert silences[-1] < 3.0
        assert not [entry for entry in outcomes if "fallback" in entry]
        await nothing_left(family.sandbox)
    finally:
        assert family.stop() == 0
