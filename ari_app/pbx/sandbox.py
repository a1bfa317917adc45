"""A private PBX: a real Asterisk with the shipped configuration, on ports of its own.

Several run side by side; none needs root, and none knows of the host's own Asterisk.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from ari_app.pbx import SandboxError
from ari_app.pbx.host_tools import run
from ari_app.pbx.installation import Installation, find_asterisk
from ari_app.pbx.run_folder import (
    SandboxSettings,
    read_settings,
    secret_file,
    write_run_folder,
)

BOOT_SECONDS = 30.0
STOP_SECONDS = 5.0
ANSWER_SECONDS = 5.0

SOCKET_PATH_LIMIT = 107
"Bytes of a UNIX socket's path (unix(7))."


class Sandbox:
    """One private PBX, which lives in `run_dir`. All methods block."""

    def __init__(self, run_dir: Path, settings: SandboxSettings | None = None) -> None:
        """The PBX in run_dir: as settings say, else as it was started last, else the defaults."""
        self.run_dir = run_dir.resolve()
        self.settings = settings or read_settings(self.run_dir) or SandboxSettings()
        self._process: subprocess.Popen[bytes] | None = None

    # What a user of it needs to know.

    ari_user = "attendant"

    @property
    def ari_url(self) -> str:
        """Where ARI answers, without a trailing slash."""
        return f"http://{self._reachable}:{self.settings.http_port}/ari"

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where SIP answers (UDP)."""
        return self._reachable, self.settings.sip_port

    @property
    def ari_password_file(self) -> Path:
        """Holds the password of ari_user; readable by the owner only."""
        return self.secret_file("ari")

    def secret_file(self, name: str) -> Path:
        """The file with the secret of `ari`, `pooled`, `alice`, `bob` or the mailbox
        (`voicemail`)."""
        return secret_file(self.run_dir, name)

    @property
    def voicemail_dir(self) -> Path:
        """The inbox of mailbox 1000: msg0000.wav, msg0000.txt ..."""
        return self.run_dir / "spool/voicemail/default/1000/INBOX"

    @property
    def log(self) -> Path:
        """Asterisk's full log."""
        return self.run_dir / "log/full"

    @cached_property
    def installation(self) -> Installation:
        """The Asterisk that this PBX runs."""
        return find_asterisk(Path(self.settings.prefix), unpacked=self.settings.unpacked)

    def pid(self) -> int | None:
        """The process, if it runs."""
        try:
            pid = int((self.run_dir / "pid").read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        # a pid can be another program's by now; of one that is dead and not yet collected,
        # the command line is empty
        return pid if os.fsencode(self._asterisk_conf) in words else None

    def status(self) -> dict[str, object]:
        """All of the above as plain values, for a page of text or JSON."""
        pid = self.pid()
        return {
            "run_dir": str(self.run_dir),
            "running": pid is not None,
            "pid": pid,
            "asterisk": self.installation.version,
            "program": str(self.installation.program),
            "ari_url": self.ari_url,
            "ari_user": self.ari_user,
            "ari_password_file": str(self.ari_password_file),
            "phones": {
                name: {"extension": number, "secret_file": str(self.secret_file(name))}
                for name, number in (("alice", "1001"), ("bob", "1002"))
            },
            "voicemail_dir": str(self.voicemail_dir),
            "log": str(self.log),
            **asdict(self.settings),
        }

    # What can be done with it.

    def start(self) -> None:
        """Configure and start, and return when Asterisk is fully booted.

        Raises SandboxError when it runs already, a port is taken or it does not come up.
        """
        if pid := self.pid():
            raise SandboxError(f"{self.run_dir}: already running (pid {pid})")
        if len(os.fsencode(self.run_dir / "run/asterisk.ctl")) > SOCKET_PATH_LIMIT:
            raise SandboxError(f"{self.run_dir}: too long a path for Asterisk's control socket")
        self._check_ports()
        write_run_folder(self.run_dir, self.settings, self.installation, self.ari_user)
        self._launch()

    def restart(self) -> None:
        """Stop if it runs, and start with the configuration and secrets that it had.

        Raises SandboxError as `start` does.
        """
        self.stop()
        self._check_ports()
        self._launch()

    def cli(self, command: str) -> str:
        """What Asterisk's console answers. Raises SandboxError if it is not running or hangs."""
        argv: list[str | Path] = [self.installation.program, "-C", self._asterisk_conf]
        doing = f"{self.run_dir}: asking Asterisk '{command}'"
        return run([*argv, "-rx", command], doing, seconds=ANSWER_SECONDS)

    def stop(self) -> None:
        """Stop, at once if not in peace; no process is left. Does nothing if none runs."""
        if self.pid() is None:
            return self._collect()
        try:
            self.cli("core stop now")
        except SandboxError:  # on its way down already, or hung
            self.kill()
        if not self._wait_gone(STOP_SECONDS):
            self.kill()
        self._collect()

    def kill(self) -> None:
        """End it as a crash would, with all that it started."""
        if pid := self.pid():
            os.killpg(pid, signal.SIGKILL)
            self._wait_gone(STOP_SECONDS)
        self._collect()

    # How it is done.

    @property
    def _asterisk_conf(self) -> Path:
        return self.run_dir / "etc/asterisk.conf"

    @property
    def _reachable(self) -> str:
        return "127.0.0.1" if self.settings.bind == "0.0.0.0" else self.settings.bind

    def _launch(self) -> None:
        with (self.run_dir / "log/stdout").open("ab") as output:
            self._process = subprocess.Popen(
                [self.installation.program, "-C", self._asterisk_conf, "-f", "-n"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.run_dir,
                start_new_session=True,
            )
        (self.run_dir / "pid").write_text(str(self._process.pid))
        self._wait_booted(self._process)

    def _check_ports(self) -> None:
        """Asterisk only logs a port that it could not have, and goes on without it."""
        for what, kind, port in (
            ("SIP", socket.SOCK_DGRAM, self.settings.sip_port),
            ("HTTP", socket.SOCK_STREAM, self.settings.http_port),
        ):
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.settings.bind, port))
                except OSError as error:
                    where = f"{self.settings.bind}:{port}"
                    raise SandboxError(f"{what} port {where}: {error.strerror}") from error

    def _wait_booted(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise SandboxError(f"Asterisk ended while starting: {self._last_words()}")
            if (self.run_dir / "run/asterisk.ctl").exists():
                try:
                    if "fully booted" in self.cli("core waitfullybooted"):
                        return
                except SandboxError:
                    pass  # its console is not there yet
            time.sleep(0.02)
        self.kill()
        raise SandboxError(f"Asterisk did not boot in {BOOT_SECONDS:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        lines = (self.run_dir / "log/stdout").read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), f"see {self.log}")

    def _wait_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _collect(self) -> None:
        """Take the exit status of a process that is ours, so that no zombie stays."""
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
            self._process = None
