"""`attendant serve --workers N`: the parent of several workers, which starts again what dies.

It carries no calls. Should it die itself, its workers are told to drain: they would be in the way
of the next parent's.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import structlog

from ari_app.config import Settings, load
from ari_app.errors import ConfigError
from ari_app.watch.notify import ServiceNotices

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"Seconds before a worker is started again; doubled with every death."
MOST_DEATHS, WITHIN = 10, 60.0
"A worker that dies so often within so many seconds is given up."
GRACE = 15.0
"Seconds beyond the setting `drain` that a worker may take to end."
MOST = 99
"The highest number that a worker can have."
PR_SET_PDEATHSIG = 1
"prctl(2): which signal a process gets when its parent dies."

log = structlog.get_logger()


def run(config: Path, count: str) -> int:
    """Serve with so many workers (a number, or `auto`: one for each core) until SIGTERM or SIGINT.

    Returns the exit status. Raises ConfigError before anything is started.
    """
    settings = load(config)
    numbers = numbers_of(settings, count)
    command = [sys.executable, "-m", "ari_app", "serve", "-c", str(config), "--worker"]
    workers = Workers(
        numbers, lambda number: [*command, str(number)], patience=settings.drain + GRACE
    )
    return asyncio.run(_until_told(workers))


def numbers_of(settings: Settings, count: str) -> range:
    """The numbers of the workers, from the settings' one on. Raises ConfigError."""
    cores = len(os.sched_getaffinity(0))
    wanted = cores if count == "auto" else int(count) if count.isdecimal() else 0
    if not 1 <= wanted <= MOST:
        raise ConfigError(f"--workers is {count!r}; expected auto, or a number from 1 to {MOST}")
    numbers = range(settings.worker, settings.worker + wanted)
    if numbers[-1] > MOST:
        raise ConfigError(
            f"--workers {wanted} from worker {settings.worker} on; expected none above {MOST}"
        )
    if wanted > 1 and settings.store.kind == "memory":
        raise ConfigError(
            f"store.kind is 'memory'; expected redis with {wanted} workers, "
            "which could not know of each other's calls"
        )
    settings.as_worker(numbers[-1])
    return numbers


async def _until_told(workers: "Workers") -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await workers.run(stop)


class Workers:
    """Keeps one process for each number running."""

    def __init__(
        self, numbers: Iterable[int], command: Callable[[int], Sequence[str]], *, patience: float
    ) -> None:
        """command: of the worker with this number. patience: seconds that one may take to end
        after SIGTERM, before it is killed."""
        self._numbers = tuple(numbers)
        self._command = command
        self._patience = patience
        self._processes: dict[int, Process] = {}
        self._stopping = asyncio.Event()
        self._status = 0

    async def run(self, stop: asyncio.Event) -> int:
        """Until `stop`, or until every worker is given up.

        Returns the exit status: 0 when all that were there in the end have ended as told.
        """
        notices = ServiceNotices(os.environ)
        living = asyncio.create_task(notices.live())
        keeping = [asyncio.create_task(self._keep(number)) for number in self._numbers]
        notices.say("READY=1", f"STATUS={len(keeping)} workers")
        kept = asyncio.gather(*keeping)
        kept.add_done_callback(lambda _: stop.set())
        await stop.wait()
        notices.say("STOPPING=1")
        await self._end(keeping)
        await kept
        living.cancel()
        return self._status

    async def _end(self, keeping: list[asyncio.Task[None]]) -> None:
        """All workers drain at once; who takes too long is killed."""
        self._stopping.set()
        for process in self._processes.values():
            _signal(process, signal.SIGTERM)
        _, late = await asyncio.wait(keeping, timeout=self._patience)
        if late:
            log.error("workers killed: they did not end", workers=sorted(self._processes))
        for process in self._processes.values():
            _signal(process, signal.SIGKILL)

    async def _keep(self, number: int) -> None:
        """One worker, started again whenever it ends."""
        deaths: deque[float] = deque(maxlen=MOST_DEATHS)
        while not self._stopping.is_set():
            status = await self._one(number)
            if self._stopping.is_set():
                # -SIGTERM: it had only begun to start
                self._status = self._status or int(status not in (0, -signal.SIGTERM))
                return
            now = time.monotonic()
            deaths.append(now)
            recent = sum(now - death < WITHIN for death in deaths)
            if recent == MOST_DEATHS:
                self._status = 1
                log.error(
                    "worker given up", worker=number, deaths=recent, seconds=WITHIN, status=status
                )
                return
            pause = min(FIRST_PAUSE * 2 ** (recent - 1), LONGEST_PAUSE)
            log.warning("worker ended", worker=number, status=status, again_in=pause)
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _one(self, number: int) -> int:
        """From start to end; its exit status, negative: the signal that ended it."""
        process = await asyncio.create_subprocess_exec(
            *self._command(number),
            stdin=asyncio.subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _OURS},
            preexec_fn=_die_with_parent(),
        )
        self._processes[number] = process
        log.info("worker started", worker=number, pid=process.pid)
        if self._stopping.is_set():  # it was told while this one was being started
            _signal(process, signal.SIGTERM)
        try:
            return await process.wait()
        finally:
            del self._processes[number]


_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"What systemd says to the parent only."


def _die_with_parent() -> Callable[[], object]:
    libc = ctypes.CDLL(None)  # not in the child: between fork and exec it may load nothing
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
