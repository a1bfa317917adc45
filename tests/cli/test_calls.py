"""`attendant calls` against a real Redis."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ari_app.call.record import CallRecord
from ari_app.conversation.values import Utterance
from ari_app.errors import ConfigError, StoreUnavailable
from ari_app.stores.choose import open_store
from tests.cli.conftest import Attendant
from tests.support.redis import NO_REDIS, RedisServer, redis_program, running_redis


def record(call: str, worker: str, age: float) -> CallRecord:
    return CallRecord(
        call=call,
        worker=worker,
        pbx="main",
        channel=f"PJSIP/trunk-{call}",
        application="attendant-1",
        caller="+4930123456",
        called="700",
        phase="talking",
        profile="front-desk",
        history=(Utterance("caller", "my secret", 0.0, 1.0),),
        offered=time.time() - age,
    )


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if redis_program() is None:
        pytest.skip(NO_REDIS)
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def with_store(
    installation: Path, redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The settings, with a store of its own prefix."""
    config = installation / "attendant.yaml"
    store = {
        "kind": "redis",
        "url": redis.url,
        "password_env": "REDIS_PASSWORD",
        "prefix": f"{tmp_path.name}:",
    }
    config.write_text(f"{config.read_text()}\n{yaml.safe_dump({'store': store})}")
    monkeypatch.setenv("REDIS_PASSWORD", redis.password)
    return config


async def save(redis: RedisServer, prefix: str, *records: CallRecord) -> None:
    store = open_store(redis.settings(prefix=prefix))
    for one in records:
        await store.save(one)
    await store.close()


def test_calls_of_all_workers_are_listed_the_oldest_first(
    with_store: Path, redis: RedisServer, tmp_path: Path, attendant: Attendant
) -> None:
    young, old = record("k2", "attendant.2", 5), record("k1", "attendant.1", 125)
    asyncio.run(save(redis, f"{tmp_path.name}:", young, old))
    told = attendant("calls", "-c", with_store)
    assert told.exit_code == 0, told.exception
    lines = told.output.splitlines()
    assert lines[1].split()[:5] == ["k1", "attendant.1", "main", "talking", "front-desk"]
    assert lines[1].split()[5].startswith("2:0")
    assert lines[2].split()[0] == "k2"
    asked = attendant("calls", "-c", with_store, "--json")
    calls = json.loads(asked.output)["calls"]
    assert [call["call"] for call in calls] == ["k1", "k2"]
    assert calls[0]["seconds"] == pytest.approx(125, abs=5)
    for output in (told.output, asked.output):
        assert "4930123456" not in output
        assert "secret" not in output


def test_none_is_said(with_store: Path, attendant: Attendant) -> None:
    assert attendant("calls", "-c", with_store).output.strip() == "No live calls."
    assert json.loads(attendant("calls", "-c", with_store, "--json").output) == {"calls": []}


def test_a_redis_that_is_away_is_said(installation: Path, attendant: Attendant) -> None:
    config = installation / "attendant.yaml"
    config.write_text(config.read_text() + "\nstore: {kind: redis, url: 'redis://127.0.0.1:1/0'}\n")
    assert isinstance(attendant("calls", "-c", config).exception, StoreUnavailable)


def test_records_in_a_workers_memory_cannot_be_read(
    installation: Path, attendant: Attendant
) -> None:
    refused = attendant("calls", "-c", installation / "attendant.yaml")
    assert isinstance(refused.exception, ConfigError)
    assert "store.kind" in str(refused.exception)
