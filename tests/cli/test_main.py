"""The command as its user sees it: help, and errors in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from ari_app import __version__
from tests.cli.conftest import Attendant

COMMANDS = ("serve", "init", "check", "calls", "testcall")


def shell(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ari_app", *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_help_names_every_command(attendant: Attendant) -> None:
    told = attendant("--help").output
    for command in COMMANDS:
        assert f" {command} " in told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(attendant: Attendant, command: str) -> None:
    told = attendant(command, "--help")
    assert told.exit_code == 0
    assert len(told.output.splitlines()) > 5


def test_no_password_can_be_given_on_the_command_line(attendant: Attendant) -> None:
    for command in COMMANDS:
        assert "--password " not in attendant(command, "--help").output


def test_version(attendant: Attendant) -> None:
    assert attendant("version").output.strip() == __version__


def test_a_fault_in_the_settings_is_one_line_and_status_1(tmp_path: Path) -> None:
    (tmp_path / "attendant.yaml").write_text("pbx: [{url: http://127.0.0.1:1}]\nprofils: {}\n")
    refused = shell("serve", folder=tmp_path)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    faults = refused.stderr.strip().splitlines()
    assert faults[0].startswith("attendant: attendant.yaml:")
    assert any("profils is no setting" in fault for fault in faults)
