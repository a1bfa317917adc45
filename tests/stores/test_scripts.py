"""What the scripts decide, told attempts in an order that no network could be made to show."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from ari_app.stores import scripts
from tests.support.redis import RedisServer

Save = Callable[[int, int, int], Awaitable[int | None]]


@pytest.fixture
async def client(redis: RedisServer) -> AsyncIterator[Redis]:
    one = Redis(port=redis.port, password=redis.password, protocol=2)
    yield one
    await one.delete("scripts:call", "scripts:calls", "scripts:effects")
    await one.aclose()


@pytest.fixture
def save(client: Redis) -> Save:
    """One writer's attempt: its number, the first it is unsure of, the revision it knows."""

    async def attempt(number: int, since: int, revision: int) -> int | None:
        keys = ("scripts:call", "scripts:calls", "scripts:effects")
        facts = (1, "attendant.1", "me", number, since, 60_000, "a1", revision, number)
        found: int | None = await client.eval(scripts.SAVE, 3, *keys, *facts)
        return found

    return attempt


async def test_an_attempt_that_comes_after_a_later_one_changes_nothing(
    client: Redis, save: Save
) -> None:
    assert await save(1, 1, 0) == 1
    assert await save(4, 2, 1) == 2
    assert await save(2, 2, 1) is None
    assert await save(3, 2, 1) is None
    assert await client.hget("scripts:call", "record") == b"4"


async def test_attempts_in_their_order_all_count(client: Redis, save: Save) -> None:
    assert await save(1, 1, 0) == 1
    assert await save(2, 2, 1) == 2
    assert await save(3, 2, 1) == 3
    assert await client.hget("scripts:call", "record") == b"3"


async def test_somebody_elses_attempt_is_nobodys_excuse(client: Redis, save: Save) -> None:
    assert await save(1, 1, 0) == 1
    assert await save(2, 2, 1) == 2
    await client.hset("scripts:call", "writer", "another")
    assert await save(3, 2, 1) is None


async def test_only_what_was_unsure_is_excused(save: Save) -> None:
    assert await save(1, 1, 0) == 1
    assert await save(2, 2, 1) == 2
    assert await save(3, 3, 1) is None


async def test_an_attempt_that_comes_after_the_end_changes_nothing(
    client: Redis, save: Save
) -> None:
    assert await save(1, 1, 0) == 1
    keys = ("scripts:call", "scripts:calls", "scripts:effects")
    assert await client.eval(scripts.DELETE, 3, *keys, 1, "attendant.1", 60_000, "a1") == 1
    assert await save(2, 2, 1) is None
    assert await client.hgetall("scripts:call") == {b"gone": b"1"}
