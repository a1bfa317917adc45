"""The parent of the workers: real processes, real signals, trivial workers."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ari_app.cli import workers as room
from ari_app.cli.workers import Workers, numbers_of
from ari_app.config import Settings, load
from ari_app.errors import ConfigError
from tests.cli.conftest import Attendant

OBEDIENT = (
    "trap 'echo ended >> {0}/{1}; exit 0' TERM; echo $$ >> {0}/{1}; while :; do sleep .02; done"
)
DEAF = "trap '' TERM; echo $$ >> {0}/{1}; while :; do sleep .02; done"
FAILING = "echo $$ >> {0}/{1}; exit 3"


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Family:
    """A parent and its workers, which write down who they are and that they ended well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stop = asyncio.Event()

    def start(self, script: str, *numbers: int, patience: float = 5.0) -> asyncio.Task[int]:
        workers = Workers(
            numbers,
            lambda number: ["sh", "-c", script.format(self.folder, number)],
            patience=patience,
        )
        return asyncio.create_task(workers.run(self.stop))

    def story(self, number: int) -> list[str]:
        path = self.folder / str(number)
        return path.read_text().split() if path.exists() else []

    def pid(self, number: int) -> int:
        return int(self.story(number)[-1])


@pytest.fixture
async def family(tmp_path: Path) -> AsyncIterator[Family]:
    made = Family(tmp_path)
    yield made
    made.stop.set()


async def test_all_workers_run_at_once_and_end_with_sigterm(family: Family) -> None:
    parent = family.start(OBEDIENT, 1, 2, 3)
    await until(lambda: all(family.story(number) for number in (1, 2, 3)))
    family.stop.set()
    assert await parent == 0
    assert [family.story(number)[-1] for number in (1, 2, 3)] == ["ended"] * 3


async def test_a_worker_that_was_killed_is_back_soon_and_the_others_do_not_notice(
    family: Family,
) -> None:
    parent = family.start(OBEDIENT, 1, 2)
    await until(lambda: family.story(1) and family.story(2))
    died = time.monotonic()
    os.kill(family.pid(1), signal.SIGKILL)
    await until(lambda: len(family.story(1)) == 2)
    assert 0.2 <= time.monotonic() - died < 1.0
    assert len(family.story(2)) == 1
    family.stop.set()
    assert await parent == 0


async def test_a_worker_that_is_told_to_drain_is_started_again(family: Family) -> None:
    parent = family.start(OBEDIENT, 1)
    await until(lambda: family.story(1))
    os.kill(family.pid(1), signal.SIGTERM)
    await until(lambda: len(family.story(1)) == 3)
    assert family.story(1)[1] == "ended"
    family.stop.set()
    assert await parent == 0


async def test_a_worker_that_never_works_is_given_up_with_longer_and_longer_pauses(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(room, "LONGEST_PAUSE", 0.05)
    with capture_logs() as logs:
        assert await asyncio.wait_for(family.start(FAILING, 4), 10) == 1
    assert len(family.story(4)) == 10
    pauses = [entry["again_in"] for entry in logs if entry["event"] == "worker ended"]
    assert pauses == [0.01, 0.02, 0.04, *[0.05] * 6]
    assert logs[-1] == {
        "event": "worker given up",
        "log_level": "error",
        "worker": 4,
        "deaths": 10,
        "seconds": 60.0,
        "status": 3,
    }


async def test_a_worker_that_does_not_end_is_killed_and_the_status_tells(family: Family) -> None:
    parent = family.start(DEAF, 1, patience=0.3)
    await until(lambda: family.story(1))
    family.stop.set()
    assert await asyncio.wait_for(parent, 3) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(family.pid(1), 0)


async def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    script = OBEDIENT.format(tmp_path, 1)
    program = (
        "import asyncio; from ari_app.cli.workers import Workers\n"
        f"workers = Workers([1], lambda _: ['sh', '-c', {script!r}], patience=5)\n"
        "asyncio.run(workers.run(asyncio.Event()))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    await until((tmp_path / "1").exists)
    await asyncio.sleep(0.05)
    parent.kill()
    parent.wait()
    await until(lambda: "ended" in (tmp_path / "1").read_text())


@pytest.fixture
def settings(installation: Path) -> Settings:
    made = load(installation / "attendant.yaml")
    return made.model_copy(update={"store": made.store.model_copy(update={"kind": "redis"})})


def test_they_are_numbered_from_the_settings_one_on(settings: Settings) -> None:
    assert list(numbers_of(settings, "3")) == [1, 2, 3]
    assert list(numbers_of(settings.as_worker(7), "2")) == [7, 8]
    assert len(numbers_of(settings, "auto")) == len(os.sched_getaffinity(0))


def test_each_has_a_fixed_rtp_port_of_its_own(settings: Settings) -> None:
    fixed = settings.model_copy(update={"board": settings.board.model_copy(update={"port": 6000})})
    assert [fixed.as_worker(number).board.port for number in (1, 2, 3)] == [6000, 6001, 6002]
    free = settings.model_copy(update={"board": settings.board.model_copy(update={"port": 0})})
    assert free.as_worker(3).board.port == 0


@pytest.mark.parametrize("count", ["0", "100", "-1", "many", "1.5"])
def test_how_many_must_be_a_number_of_workers(settings: Settings, count: str) -> None:
    with pytest.raises(ConfigError, match=r"expected auto, or a number from 1 to 99"):
        numbers_of(settings, count)


def test_no_worker_has_a_number_or_a_port_that_there_is_not(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="none above 99"):
        numbers_of(settings.as_worker(98), "3")
    last = settings.model_copy(update={"board": settings.board.model_copy(update={"port": 65535})})
    with pytest.raises(ConfigError, match=r"worker 2 would have 65536"):
        numbers_of(last, "2")


def test_several_workers_need_a_store_that_they_share(
    installation: Path, attendant: Attendant
) -> None:
    refused = attendant("serve", "-c", installation / "attendant.yaml", "--workers", "2")
    assert isinstance(refused.exception, ConfigError)
    assert "store.kind is 'memory'; expected redis" in str(refused.exception)


def test_one_worker_or_several(installation: Path, attendant: Attendant) -> None:
    words = ("serve", "-c", installation / "attendant.yaml", "--workers", "2", "--worker", "3")
    assert "expected one of them" in str(attendant(*words).exception)
