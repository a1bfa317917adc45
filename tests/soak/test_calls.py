"""Hundreds of calls in a row: nothing may be left, nothing may grow. `make soak` runs it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener
from ari_app.phone.port import PhoneCall
from tests.support.calls import nothing_left, outside_phone, spoken, until
from tests.support.pbx import application

pytestmark = pytest.mark.soak

CALLS, ROUNDS, AT_ONCE = 200, 8, 5


@dataclass(frozen=True)
class Sample:
    """What a process has, when no call is up."""

    memory: float
    "Resident, MB."
    files: int
    "Open file descriptors."
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Sample":
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return cls(int(status["VmRSS"].split()[0]) / 1024, files, int(status["Threads"]))


async def give_up_ringing(call: PhoneCall, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.0, 0.03))


async def listen(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    await asyncio.sleep(chance.uniform(0.0, 4.0))


async def press(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    for _ in range(chance.randint(1, 5)):
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        await call.press(chance.choice("0123456789*#"))


async def fall_silent(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    call.mute(True)
    await asyncio.sleep(chance.uniform(1.0, 5.0))


async def speak(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    await asyncio.sleep(chance.uniform(2.0, 4.0))
    call.play(await spoken(chance.choice(["opening hours", "sales", "support please"])))
    await call.played()
    await asyncio.sleep(2.0)


async def hold(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    await call.hold()
    await asyncio.sleep(chance.uniform(0.1, 2.0))
    await call.unhold()
    await asyncio.sleep(0.5)


async def say_goodbye(call: PhoneCall, chance: random.Random) -> None:
    await call.answered()
    await Listener(call).onset()
    await call.press("9")
    await call.ended(20)


BEHAVIOURS: tuple[Callable[[PhoneCall, random.Random], Awaitable[None]], ...] = (
    *(give_up_ringing, listen, press, fall_silent, speak, hold),
    say_goodbye,
)


async def one_call(sandbox: Sandbox, chance: random.Random, free: asyncio.Semaphore) -> None:
    async with free, outside_phone(sandbox, f"555{chance.randint(0, 9999):04}") as phone:
        call = await phone.call("700")
        await chance.choice(BEHAVIOURS)(call, chance)
        await call.hang_up()


@pytest.fixture
def site(make_pbx: Callable[..., Sandbox], tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site", make_pbx())
    made.configure()
    made.start()
    yield made
    made.kill()


async def test_200_calls_in_a_row_leave_nothing_and_cost_nothing(site: Site) -> None:
    own, chance = site.sandbox, random.Random(200)
    table = Table("calls", "worker MB", "files", "threads", "Asterisk MB", "files", "threads")
    samples: list[tuple[Sample, Sample]] = []
    pid, asterisk = site.pid, own.pid()
    assert pid
    assert asterisk
    for count in range(0, CALLS + 1, CALLS // ROUNDS):
        if count:
            free = asyncio.Semaphore(AT_ONCE)
            calls = (one_call(own, chance, free) for _ in range(CALLS // ROUNDS))
            await asyncio.gather(*calls)
            await until(lambda: not application(own), 10, "all callers gone")
            await nothing_left(own)
            await asyncio.sleep(6.0)  # connections that are kept alive for 5 s
        samples.append((Sample.of(pid), Sample.of(asterisk)))
        values = [f"{x:.0f}" for s in samples[-1] for x in (s.memory, s.files, s.threads)]
        table.add_row(str(count), *values)
    Console(width=90).print(table)
    ready = [float(entry["at"]) for entry in site.journal() if entry.get("phase") == "talking"]
    p50, p95 = 1000 * np.percentile(ready, [50, 95])
    print(f"offered to talking over {len(ready)} calls: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    ended = sum(entry.get("phase") == "ended" for entry in site.journal())
    offered = sum(entry.get("phase") == "preparing" for entry in site.journal())
    assert ended == offered
    workers = [worker for worker, _ in samples[1:]]
    early, late = workers[: ROUNDS // 2], workers[ROUNDS // 2 :]
    # HTTP connections are kept for a while, so each number of files swings.
    assert min(one.files for one in late) <= min(one.files for one in early)
    assert max(one.threads for one in late) <= max(one.threads for one in early)
    assert workers[-1].memory < workers[1].memory + 10
    log = site.log.read_text()
    assert "Traceback" not in log
    assert '"level": "error"' not in log
    assert p50 < 150
    assert site.stop() == 0
