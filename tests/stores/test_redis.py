"""The contract of stores, kept by a real Redis; and what only a server can do to us."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from ari_app.call.record import Begun, Finished, Uncertain
from ari_app.errors import StaleRecord, StoreUnavailable
from ari_app.stores.redis import RedisStore
from ari_app.stores.settings import StoreSettings
from ari_app.stores.write_behind import WriteBehind
from tests.stores.contract import Rig, StoreContract, record_of
from tests.support.redis import RedisServer

PREFIXES = (f"t{n}:" for n in itertools.count())
Opener = Callable[[StoreSettings], RedisStore]


@pytest.fixture
async def open_redis() -> AsyncIterator[Opener]:
    """Stores that are closed after the test."""
    stores: list[RedisStore] = []

    def make(settings: StoreSettings) -> RedisStore:
        stores.append(RedisStore(settings))
        return stores[-1]

    yield make
    for store in stores:
        await store.close()


@pytest.fixture
async def raw(redis: RedisServer) -> AsyncIterator[Redis]:
    """Somebody else at the same server."""
    client = Redis(port=redis.port, password=redis.password, protocol=2)
    yield client
    await client.aclose()


async def revived(store: RedisStore, seconds: float = 5.0) -> float:
    """How long the store takes to be healthy again, by itself."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not store.healthy:
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def refused(work: Awaitable[object]) -> float:
    """How long it took to be told that there is no store."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await work
    return time.monotonic() - began


class TestRedisStore(StoreContract):
    @pytest.fixture
    def rig(self, redis: RedisServer, open_redis: Opener) -> Rig:
        settings = redis.settings(prefix=next(PREFIXES))
        return Rig(open_redis(settings), open_redis(settings))


async def test_two_installations_do_not_see_each_other(
    redis: RedisServer, open_redis: Opener
) -> None:
    mine = open_redis(redis.settings(prefix=next(PREFIXES)))
    theirs = open_redis(redis.settings(prefix=next(PREFIXES)))
    await mine.save(record_of("a1"))
    await mine.begin("a1", "book")
    assert await theirs.load("a1") is None
    assert await theirs.calls() == ()
    assert await theirs.begin("a1", "book") == Begun()


async def test_a_restarted_worker_claims_its_own_call_once(
    redis: RedisServer, open_redis: Opener
) -> None:
    settings = redis.settings(prefix=next(PREFIXES))
    before, after = open_redis(settings), open_redis(settings)
    await before.save(record_of("a1"))
    claimed = await after.claim("a1", "attendant.1", "attendant.1")
    assert claimed.revision == 2
    with pytest.raises(StaleRecord):
        await after.claim("a1", "attendant.1", "attendant.1")
    with pytest.raises(StaleRecord):
        await before.save(record_of("a1", revision=1))


async def test_everything_expires(redis: RedisServer, open_redis: Opener, raw: Redis) -> None:
    prefix = next(PREFIXES)
    store = open_redis(redis.settings(prefix=prefix, expiry=100.0))
    await store.save(record_of("a1"))
    await store.claim("a1", "attendant.2", "attendant.1")
    await store.begin("a1", "book")
    await store.begin("a2", "book")
    await store.finish("a2", "book", "done")
    await store.save(record_of("a3"))
    await store.delete("a3", "attendant.1")
    assert await raw.smembers(f"{prefix}calls") == {b"a1"}
    keys = [key async for key in raw.scan_iter(f"{prefix}*")]
    assert len(keys) == 5
    for key in keys:
        assert 0 < await raw.ttl(key) <= (3600 if b"call:a3" in key else 100)


async def test_an_expired_record_leaves_the_list(
    redis: RedisServer, open_redis: Opener, raw: Redis
) -> None:
    prefix = next(PREFIXES)
    store = open_redis(redis.settings(prefix=prefix))
    await store.save(record_of("a1"))
    kept = await store.save(record_of("a2"))
    await raw.pexpire(f"{prefix}call:a1", 1)
    await asyncio.sleep(0.005)
    assert await store.calls() == (kept,)
    assert await raw.smembers(f"{prefix}calls") == {b"a2"}


async def test_a_record_of_another_version_is_left_alone(
    redis: RedisServer, open_redis: Opener, raw: Redis
) -> None:
    prefix = next(PREFIXES)
    store = open_redis(redis.settings(prefix=prefix))
    saved = await store.save(record_of("a1"))
    await raw.hset(f"{prefix}call:a1", "format", "2")
    before = await raw.hgetall(f"{prefix}call:a1")
    with capture_logs() as logs:
        assert await store.load("a1") is None
        assert await store.calls() == ()
    assert [one["why"] for one in logs] == ["another version's format"] * 2
    assert "Zoë" not in str(logs)
    for write in (store.save(saved), store.claim("a1", "attendant.2", "attendant.1")):
        with pytest.raises(StaleRecord):
            await write
    await store.delete("a1", "attendant.1")
    assert await raw.hgetall(f"{prefix}call:a1") == before


async def test_a_killed_server_is_reached_again_without_being_asked(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    saved = await store.save(record_of("a1"))
    server.stop()
    assert await refused(store.save(saved)) < 0.3
    assert await refused(store.begin("a1", "book")) < 0.1
    assert not store.healthy
    server.start()
    await revived(store)
    again = await store.save(replace(saved, phase="ending"))
    assert again.revision == 2, "what the server lost is written anew"
    assert await store.load("a1") == again


async def test_a_server_that_lost_the_last_writes_is_told_them_again(
    redis: RedisServer, open_redis: Opener, raw: Redis
) -> None:
    prefix = next(PREFIXES)
    store = open_redis(redis.settings(prefix=prefix))
    saved = record_of("a1")
    for _ in range(5):
        saved = await store.save(saved)
    await raw.hset(f"{prefix}call:a1", mapping={"revision": 3, "attempt": 3})
    assert (await store.save(saved)).revision == 6


async def test_effects_outlive_a_server_that_lost_everything(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    saved = await store.save(record_of("a1"))
    await store.begin("a1", "pay")
    await store.begin("a1", "book")
    server.stop()
    await refused(store.finish("a1", "book", "at 17:00"))
    server.start()
    await revived(store)
    assert await store.begin("a1", "pay") == Uncertain(), "the worker itself remembers"
    await store.save(saved)
    adopter = open_redis(server.settings())
    assert await adopter.begin("a1", "pay") == Uncertain()
    assert await adopter.begin("a1", "book") == Finished("at 17:00")
    assert await adopter.begin("a1", "mail") == Begun()


async def test_a_frozen_server_holds_nobody_up(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    saved = await store.save(record_of("a1"))
    await store.begin("a1", "paid")
    await asyncio.gather(*(store.load("a1") for _ in range(3)))  # connections to write late on
    server.freeze()
    assert await refused(store.save(replace(saved, made=4))) < 0.35
    assert await refused(store.save(replace(saved, made=5))) < 0.35
    assert await refused(store.begin("a1", "book")) < 0.1
    crowd = [refused(store.begin("a1", f"book{n}")) for n in range(100)]
    assert max(await asyncio.gather(*crowd)) < 0.2
    assert await refused(store.save(replace(saved, made=6))) < 0.35
    server.thaw()
    await revived(store)
    assert await store.begin("a1", "paid") == Uncertain()
    last = await store.save(replace(saved, made=7))
    assert last.revision > 2, "what nobody waited for was carried out, and is not somebody else's"
    assert await store.load("a1") == last
    again = await store.save(last)
    assert again.revision == last.revision + 1


async def test_a_claim_whose_answer_was_lost_can_be_repeated(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    first, second = open_redis(server.settings()), open_redis(server.settings())
    await first.save(record_of("a1"))
    await second.ping()
    server.freeze()
    await refused(second.claim("a1", "attendant.2", "attendant.1"))
    server.thaw()
    await revived(second)
    claimed = await second.claim("a1", "attendant.2", "attendant.1")
    assert await first.load("a1") == claimed
    with pytest.raises(StaleRecord):
        await second.claim("a1", "attendant.2", "attendant.1")


async def test_a_write_that_comes_late_does_not_raise_the_dead(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    await store.delete("a1", "attendant.1")
    with pytest.raises(StaleRecord):
        await store.save(record_of("a1"))
    assert await store.calls() == ()


async def test_connections_are_few_and_come_back_after_a_freeze(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    await asyncio.gather(*(store.save(record_of(f"a{n}")) for n in range(300)))
    server.freeze()
    await asyncio.gather(*(refused(store.load(f"a{n}")) for n in range(300)))
    server.thaw()
    await revived(store)
    assert len(await store.calls()) == 300
    await asyncio.sleep(0.1)
    observer = Redis(port=server.port, password=server.password, protocol=2)
    assert len(await observer.client_list()) <= 9
    await observer.aclose()


async def test_an_acl_user_needs_few_commands_and_our_keys(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    commands = "+eval +hmget +hset +hget +hincrby +pexpire +del +sadd +srem +smembers +ping"
    server = make_redis(options={"user": f"agent on >secret-of-agent ~attendant:* {commands}"})
    settings = server.settings(user="agent", password="secret-of-agent")
    store = open_redis(settings)
    saved = await store.save(record_of("a1"))
    assert await store.load("a1") == saved
    await store.claim("a1", "attendant.2", "attendant.1")
    assert len(await store.calls()) == 1
    await store.begin("a1", "book")
    await store.finish("a1", "book", "done")
    assert await store.begin("a1", "book") == Finished("done")
    await store.delete("a1", "attendant.2")
    stranger = open_redis(replace(settings, prefix="other:"))
    with pytest.raises(StoreUnavailable, match="permission"):
        await stranger.save(record_of("a1"))


async def test_a_wrong_password_is_told_but_not_repeated(
    redis: RedisServer, open_redis: Opener
) -> None:
    store = open_redis(redis.settings(password="wrong-password"))
    with pytest.raises(StoreUnavailable, match=r"redis://127\.0\.0\.1:\d+/0: .*") as told:
        await store.ping()
    assert "wrong-password" not in str(told.value)
    assert "wrong-password" not in repr(redis.settings(password="wrong-password"))


async def test_calls_go_on_while_the_server_freezes_dies_and_comes_back(
    make_redis: Callable[..., RedisServer], open_redis: Opener
) -> None:
    server = make_redis()
    store = open_redis(server.settings())
    adopted: list[str] = []
    behind = WriteBehind(store, adopted.append)
    made = itertools.count(1)

    async def live(until: Callable[[], bool]) -> float:
        """Forty calls that change all the time; the longest that they were held up."""
        longest = 0.0
        async with asyncio.timeout(10):
            while not until():
                began, now = time.monotonic(), next(made)
                for n in range(40):
                    behind.note(record_of(f"a{n}", made=now))
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0.02)
        return longest

    held_up = [await live(lambda: store.healthy)]
    with capture_logs() as logs:
        for take, give_back in ((server.freeze, server.thaw), (server.stop, server.start)):
            take()
            held_up.append(await live(lambda: not behind.healthy))
            give_back()
            held_up.append(await live(lambda: behind.healthy))
    assert await behind.flush()
    await behind.close()
    records = await store.calls()
    last = next(made) - 1
    assert {(one.call, one.made) for one in records} == {(f"a{n}", last) for n in range(40)}
    assert adopted == []
    assert [one["event"] for one in logs] == ["store_degraded", "store_restored"] * 2
    assert max(held_up) < 0.1
