"""A real Asterisk for tests, calls to it, and a worker that listens and does only what it is told.

Fixtures built on this are in tests/e2e/conftest.py.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import itertools
import math
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import IO, Any

import aiohttp

from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox

CHECKOUT = Path(__file__).resolve().parents[2]
PREFIX = CHECKOUT / "var/sandbox"
SCENARIOS = Path(__file__).parent / "sipp"

BLOCKS = range(22000, 32000, 500)
"Blocks of ports for one PBX each, below the kernel's ephemeral ports (32768 and up)."


@contextlib.contextmanager
def leased_ports() -> Iterator[int]:
    """The first of 500 ports that no other test run on this machine uses at the same time.

    The lease is a locked file, so it ends with the process however that ends.
    """
    for first in random.sample(BLOCKS, len(BLOCKS)):
        with (Path(tempfile.gettempdir()) / f"attendant-ports-{first}").open("w") as file:
            if _locked(file) and _is_free(first) and _is_free(first + 1):
                yield first
                return
    raise AssertionError(f"none of the port blocks {BLOCKS} is free")


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@contextlib.contextmanager
def running_pbx(run_dir: Path, **settings: Any) -> Iterator[Sandbox]:
    """A started PBX on ports of its own; settings are fields of SandboxSettings.

    Of its block of ports, SIP has the first, HTTP the second, media the last 400; those between
    are for the phones of the test (`phone_ports`).
    """
    with leased_ports() as first:
        ports = {
            "sip_port": first,
            "http_port": first + 1,
            "rtp_start": first + 100,
            "rtp_end": first + 499,
        }
        sandbox = Sandbox(run_dir, SandboxSettings(**{"prefix": str(PREFIX), **ports, **settings}))
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.stop()


def phone_ports(sandbox: Sandbox) -> tuple[int, int]:
    """First and last of the ports kept for the phones of a test that uses this PBX."""
    return sandbox.settings.sip_port + 2, sandbox.settings.sip_port + 99


def authorization(sandbox: Sandbox) -> dict[str, str]:
    """The HTTP header that ARI wants."""
    login = f"{sandbox.ari_user}:{sandbox.ari_password_file.read_text()}"
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


class Sipp:
    """One call by sipp to an extension, from an outside number; it sends a tone when answered."""

    _count = itertools.count()

    def __init__(self, sandbox: Sandbox, folder: Path, extension: str, *, seconds: float) -> None:
        """Calls at once, presses # a second after the answer, stays `seconds` longer."""
        write_ulaw_tone(folder / "tone.ul")
        first = phone_ports(sandbox)[0] + 8 * (next(self._count) % 12)
        host, port = sandbox.sip_address
        scenario = SCENARIOS / "call.xml"
        options = f"-s {extension} -m 1 -d {seconds * 1000:.0f} -i {host} -nostdin"
        options += f" -p {first} -min_rtp_port {first + 2} -max_rtp_port {first + 7}"
        options += " -trace_msg -message_file messages.log"
        self._messages = folder / "messages.log"
        self._output = (folder / "sipp.out").open("wb")
        self._process = subprocess.Popen(
            [PREFIX / "bin/sipp", f"{host}:{port}", "-sf", scenario, *options.split()],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def finished(self, *, within: float) -> bool:
        """Whether the call went as planned: answered, and ended by the caller."""
        with self._output:
            return self._process.wait(within) == 0

    def messages(self) -> str:
        """The SIP messages sent and received so far."""
        return self._messages.read_text() if self._messages.exists() else ""

    def abandon(self) -> None:
        """End sipp without a word to the PBX."""
        self._process.kill()
        self._process.wait()
        self._output.close()


def write_ulaw_tone(path: Path, frequency: float = 440.0) -> None:
    """One second of a sine at 8000 samples a second, G.711 mu-law (ITU-T G.711 table 2)."""
    samples = (int(8000 * math.sin(2 * math.pi * frequency * i / 8000)) for i in range(8000))
    path.write_bytes(bytes(_mu_law(sample) for sample in samples))


def _mu_law(sample: int) -> int:
    magnitude = min(abs(sample), 32635) + 132
    exponent = magnitude.bit_length() - 8
    mantissa = (magnitude >> (exponent + 3)) & 15
    return ~((128 if sample < 0 else 0) | (exponent << 4) | mantissa) & 255


def application(sandbox: Sandbox) -> list[str]:
    """What each channel is doing: applications of the dialplan, like VoiceMail."""
    lines = sandbox.cli("core show channels concise").splitlines()
    return [line.split("!")[5] for line in lines if line.count("!") > 5]


def wait_until(true: Callable[[], bool], seconds: float, what: str) -> float:
    """Ask until it is so; the seconds it took. Fails the test, saying what, when it never is."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


class SilentWorker:
    """A worker that takes calls over ARI and then does nothing, except what the test says."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url
        self.events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def post(self, path: str, **query: str) -> None:
        """One ARI request, like post("channels/1/answer")."""
        async with self._session.post(f"{self._url}/{path}", params=query) as response:
            assert response.status < 300, await response.text()

    async def next(self, kind: str, seconds: float = 5.0) -> dict[str, Any]:
        """The next event of that type; others before it are dropped."""
        async with asyncio.timeout(seconds):
            while (event := await self.events.get())["type"] != kind:
                pass
        return event


@contextlib.asynccontextmanager
async def silent_worker(sandbox: Sandbox, app: str = "attendant-1") -> AsyncIterator[SilentWorker]:
    """Registers the application, for as long as the block lasts."""
    headers = authorization(sandbox)
    async with aiohttp.ClientSession(headers=headers) as session:
        worker = SilentWorker(session, sandbox.ari_url)
        async with session.ws_connect(f"{sandbox.ari_url}/events", params={"app": app}) as socket:

            async def listen() -> None:
                async for message in socket:
                    worker.events.put_nowait(message.json())

            task = asyncio.create_task(listen())
            yield worker
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
