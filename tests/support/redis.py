"""A real Redis for tests: on loopback, with a password, without a disk.

The host's redis-server if it has one, else the one unpacked by `asterisk/sandbox install
redis-server`. Fixtures built on this are in tests/stores/conftest.py.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ari_app.stores.settings import StoreSettings

UNPACKED = Path(__file__).resolve().parents[2] / "var/sandbox/bin/redis-server"
NO_REDIS = "no redis-server here: run `asterisk/sandbox install redis-server`"
START_SECONDS = 10.0


def redis_program() -> str | None:
    """The redis-server to start, if there is one."""
    return shutil.which("redis-server") or (str(UNPACKED) if UNPACKED.is_file() else None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """One redis-server; `options` are lines of its configuration."""

    folder: Path
    options: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    tls: bool = False
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}/0"

    def settings(self, **changes: Any) -> StoreSettings:
        """How our store reaches it."""
        return StoreSettings(**{"url": self.url, "password": self.password, **changes})

    def start(self) -> None:
        """Returns when it answers."""
        program = redis_program()
        assert program is not None, NO_REDIS
        conf = self.folder / f"redis-{self.port}.conf"
        if not conf.exists():  # a Sentinel's belongs to it from then on
            conf.touch(0o600)
            conf.write_text("".join(f"{name} {value}\n" for name, value in self._conf().items()))
        with (self.folder / f"redis-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, str(conf), *self.arguments], stdout=log, stderr=log, cwd=self.folder
            )
        self._wait_for_port()

    def stop(self) -> None:
        """As a crash would: what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections (the kernel does) and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _conf(self) -> dict[str, str]:
        port = {"port": "0", "tls-port": str(self.port)} if self.tls else {"port": str(self.port)}
        kept = {"save": '""', "appendonly": "no", "dir": str(self.folder)}
        return {"bind": "127.0.0.1", **port, **kept, "requirepass": self.password, **self.options}

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            assert self._process is not None
            log = self.folder / f"redis-{self.port}.log"
            assert self._process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, f"redis-server did not start: {log}"
            time.sleep(0.01)


@contextlib.contextmanager
def running_redis(folder: Path, **fields: Any) -> Iterator[RedisServer]:
    """A started server; the keyword arguments are fields of RedisServer."""
    server = RedisServer(folder, **fields)
    server.start()
    try:
        yield server
    finally:
        server.stop()
