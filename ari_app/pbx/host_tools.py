"""Running the host's own tools (apt-get, dpkg-deb), their failures told in one line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ari_app.pbx import SandboxError


def run(
    argv: Sequence[str | Path],
    doing: str,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """The standard output of argv.

    Raises SandboxError, beginning with `doing`, when it fails or takes longer than `seconds`.
    """
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **(environment or {})},
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"{doing}: no answer within {seconds:g} s") from error
    except FileNotFoundError as error:
        raise SandboxError(f"{doing}: needs {argv[0]}, which this machine does not have") from error
    if done.returncode:
        raise SandboxError(f"{doing}: {telling_line(done.stderr + done.stdout)}")
    return done.stdout


def telling_line(output: str) -> str:
    """The line of a tool's output that says most about why it failed.

    apt marks errors with "E: " and failed downloads with "Err:"; its first error is the cause,
    later ones are consequences.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("E: ", "Err:"):
        for line in lines:
            if line.startswith(mark):
                return line.removeprefix("E: ")
    return lines[-1] if lines else "failed without a word"
