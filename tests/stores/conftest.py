"""Real Redis servers for the tests of stores."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis import NO_REDIS, RedisServer, redis_program, running_redis


@pytest.fixture(scope="session")
def redis_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if redis_program() is None:
        pytest.skip(NO_REDIS)
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="session")
def redis(redis_folder: Path) -> Iterator[RedisServer]:
    """One server for the whole session: use a prefix of your own, and leave it running."""
    with running_redis(redis_folder) as server:
        yield server


@pytest.fixture
def make_redis(redis_folder: Path) -> Iterator[Callable[..., RedisServer]]:
    """Further servers (20 ms each) for tests that stop, freeze or configure one."""
    with ExitStack() as stack:

        def make(**fields: Any) -> RedisServer:
            return stack.enter_context(running_redis(redis_folder, **fields))

        yield make
