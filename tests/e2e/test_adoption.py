"""A worker dies in mid-call, and the conversation goes on."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener, stretches
from ari_app.phone.port import PhoneCall
from tests.support.calls import messages, nothing_left, outside_phone, until
from tests.support.pbx import leased_ports
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
def port() -> Iterator[int]:
    with leased_ports() as first:
        yield first + 2


def site(folder: Path, pbx: Sandbox, redis: RedisServer, worker: int, port: int = 0) -> Site:
    """A worker whose calls are in Redis; with a port, on pooled lines."""
    made = Site(folder / f"worker{worker}", pbx, worker=worker, secrets={PASSWORD: redis.password})
    pooled: dict[str, Any] = {"line": "pooled", "pool": {"port": port}} if port else {}
    url = pbx.ari_url.removesuffix("/ari")
    made.configure(
        {
            "pbx": [{"url": url, "user": pbx.ari_user, **pooled}],
            "store": {"kind": "redis", "url": redis.url, "password_env": PASSWORD},
        }
    )
    made.start()
    return made


def heard_phases(site: Site) -> list[str]:
    return [str(entry.get("phase")) for entry in site.journal()]


async def speaking_again(call: PhoneCall, died: float, seconds: float) -> float:
    """Wait for sound after the worker's death; how long it took. What is heard within 60 ms was
    under way."""
    after = died + 0.06
    await until(lambda: stretches(call.heard_since(after)), seconds, "the agent speaks again")
    return stretches(call.heard_since(after))[0].at + 0.06


async def test_another_worker_goes_on_with_the_calls_of_a_killed_one(
    make_pbx: Any, redis: RedisServer, port: int, tmp_path: Path
) -> None:
    pbx = make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{port}/ari")
    workers = [site(tmp_path, pbx, redis, number, port) for number in (1, 2)]
    try:
        async with outside_phone(pbx) as phone:
            call = await phone.call("700")
            await call.answered(10)
            await asyncio.sleep(4.0)  # the notice was heard, the menu is being said
            victim, heir = sorted(workers, key=lambda one: "talking" not in heard_phases(one))
            died = len(call.heard()) / 8000
            victim.kill()
            assert await speaking_again(call, died, 5.0) < 3.0
            await Listener(call).utterance()
            await call.press("2")
            await until(lambda: "handing over" in heard_phases(heir), 8, "handed over by the heir")
            await call.hang_up()
        said = [str(e["text"]) for e in heir.journal() if e["kind"] == "agent_said"]
        assert "where were we" in said[0]
        await nothing_left(pbx)
    finally:
        for one in workers:
            one.stop()


async def test_with_no_worker_left_the_caller_is_at_the_mailbox_within_two_seconds(
    make_pbx: Any, redis: RedisServer, port: int, tmp_path: Path
) -> None:
    pbx = make_pbx(line="pooled", pooled_uri=f"ws://127.0.0.1:{port}/ari")
    worker = site(tmp_path, pbx, redis, 1, port)
    async with outside_phone(pbx) as phone:
        call = await phone.call("700")
        await call.answered(10)
        await asyncio.sleep(2.0)
        worker.kill()
        died = time.monotonic()
        await until(lambda: "VoiceMail" in pbx.cli("core show channels"), 5, "the mailbox")
        assert time.monotonic() - died < 2.0
        await asyncio.sleep(2.0)
        await call.hang_up()
    heir = site(tmp_path, pbx, redis, 1, port)
    try:
        await nothing_left(pbx)
    finally:
        heir.stop()


async def test_a_restarted_worker_takes_up_its_calls_on_a_shared_line(
    make_pbx: Any, redis: RedisServer, tmp_path: Path
) -> None:
    pbx = make_pbx()
    worker = site(tmp_path, pbx, redis, 1)
    before = len(messages(pbx))
    async with outside_phone(pbx) as phone:
        call = await phone.call("700")
        await call.answered(10)
        await asyncio.sleep(4.0)
        died = len(call.heard()) / 8000
        worker.kill()
        worker.start()
        await speaking_again(call, died, 10.0)
        await Listener(call).utterance()
        await call.press("2")
        await asyncio.sleep(4.0)  # the announcement, the tone, some silence as a message
        await call.hang_up()
    await until(lambda: len(messages(pbx)) > before, 5, "a message in the mailbox")
    await nothing_left(pbx)
    assert worker.stop() == 0
