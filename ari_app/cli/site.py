"""A worker of its own for a private PBX: its settings, written out, and its process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ari_app import agents
from ari_app.errors import AttendantError
from ari_app.pbx.sandbox import Sandbox

FRONT_DESK = Path(agents.__file__).with_name("examples") / "front-desk.yaml"
DESTINATIONS = {"mailbox": "mailbox", "sales": "person", "support": "queue"}
"What the front desk hands callers to, and the extensions of attendant-transfer that they are."
READY_SECONDS = 20.0


class Site:
    """A worker that serves a Sandbox, with everything it writes in one folder."""

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        *,
        flow: Path = FRONT_DESK,
        worker: int = 1,
        workers: int = 1,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        """worker: its number; workers: so many under one parent, numbered from there on.
        secrets: environment variables for the process, besides the PBX's own passwords."""
        self._worker = worker
        self._workers = workers
        self._secrets = dict(secrets or {})
        self.folder = folder.resolve()
        self.sandbox = sandbox
        self._flow = flow
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        return self.folder / "attendant.yaml"

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def configure(self, changes: Mapping[str, Any] | None = None) -> None:
        """Write the settings; `changes` replaces whole sections of them."""
        sandbox = self.sandbox
        settings: dict[str, Any] = {
            "app": sandbox.settings.app,
            "worker": self._worker,
            "pbx": [{"url": sandbox.ari_url.removesuffix("/ari"), "user": sandbox.ari_user}],
            "speech": {
                "programs": [str(Path(sandbox.settings.prefix).resolve() / "bin")],
                "cache": str(Path(sandbox.settings.prefix).resolve() / "speech"),
            },
            "profiles": {"front-desk": {"flow": str(self._flow)}},
            "destinations": {
                name: {"context": "attendant-transfer", "extension": extension}
                for name, extension in DESTINATIONS.items()
            },
            "journal": "journal.jsonl",
            "drain": 1,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "journal.jsonl").unlink(missing_ok=True)
        self.config.write_text(yaml.safe_dump({**settings, **(changes or {})}, sort_keys=False))

    def start(self) -> None:
        """Start the worker; returns when the PBX knows it. Raises AttendantError."""
        passwords = {
            "ATTENDANT_ARI_PASSWORD": self.sandbox.ari_password_file.read_text(),
            "ATTENDANT_POOL_PASSWORD": self.sandbox.secret_file("pooled").read_text(),
        }
        several = ["--workers", str(self._workers)] if self._workers > 1 else []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ari_app", "serve", "-c", str(self.config), *several],
                env=os.environ | passwords | self._secrets,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_SECONDS
        numbers = range(self._worker, self._worker + self._workers)
        apps = {f"{self.sandbox.settings.app}-{number}" for number in numbers}
        while not apps <= set(self.sandbox.cli("ari show apps").split()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AttendantError(
                    f"the worker did not start; the last of {self.log}:\n"
                    + self.log.read_text(errors="replace")[-2000:]
                )
            time.sleep(0.05)

    def stop(self) -> int:
        """End it with SIGTERM; its exit status. 0 if none runs."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def hang(self) -> None:
        """Stop it in its tracks, sockets open: the worst kind of death."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on after `hang`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(how)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(10)

    def journal(self) -> Iterator[dict[str, Any]]:
        """All entries so far."""
        path = self.folder / "journal.jsonl"
        if path.exists():
            whole, _, _ = path.read_text().rpartition("\n")  # the rest is still being written
            for line in whole.splitlines():
                yield json.loads(line)
