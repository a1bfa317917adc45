"""This package must run before anything is installed."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "asterisk/sandbox"


def test_runs_on_a_python_that_has_nothing_installed() -> None:
    argv = [sys.executable, "-I", "-S", "-W", "error", str(SCRIPT), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "install" in done.stdout
