"""The units are what systemd takes, and say what keeps calls alive."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ari_app.cli.units import UNITS, units
from ari_app.config import load
from ari_app.errors import ConfigError
from tests.cli.conftest import Attendant

EXPOSED = 2.0
"What `systemd-analyze security` may find at most, of 10 for a unit without protection."

analyze = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(analyze is None, reason="no systemd-analyze here")


def ask(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert analyze is not None
    return subprocess.run(
        [analyze, *map(str, words)], capture_output=True, text=True, timeout=30, check=False
    )


def test_init_writes_them_with_its_own_paths(installation: Path) -> None:
    one = (installation / "systemd/attendant.service").read_text()
    many = (installation / "systemd/attendant@.service").read_text()
    for text in (one, many):
        assert f'--config "{installation}/attendant.yaml"' in text
        assert f'ExecStart="{sys.executable}" -m ari_app serve' in text
        assert f"EnvironmentFile=-{installation}/secrets.env" in text
        assert not re.search(r"@[A-Z_]+@", text)
    assert "%i" not in one
    assert "--worker %i" in many


def test_the_cache_that_may_be_written_is_there(installation: Path) -> None:
    assert load(installation / "attendant.yaml").speech.cache == installation / "cache"
    assert (installation / "cache").is_dir()


def test_a_drain_is_over_before_systemd_kills(installation: Path) -> None:
    text = (installation / "systemd/attendant.service").read_text()
    found = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert found
    assert int(found[1]) > load(installation / "attendant.yaml").drain + 10


def test_no_secret_is_in_them(installation: Path) -> None:
    password = (installation / "secrets.env").read_text().split("=", 1)[1].strip()
    for name in UNITS:
        assert password not in (installation / "systemd" / name).read_text()


@needs_systemd
@pytest.mark.parametrize("folder", ["plain", "with space", "100%", "über"])
def test_systemd_understands_them(tmp_path: Path, attendant: Attendant, folder: str) -> None:
    assert attendant("init", tmp_path / folder).exit_code == 0
    for name in UNITS:
        verdict = ask("verify", tmp_path / folder / "systemd" / name)
        assert (verdict.returncode, verdict.stderr) == (0, "")


@needs_systemd
def test_they_are_hardened(installation: Path) -> None:
    for name in UNITS:
        unit = installation / "systemd" / name
        verdict = ask("security", "--offline=true", f"--threshold={EXPOSED * 10:.0f}", unit)
        if "unrecognized option" in verdict.stderr:
            pytest.skip("this systemd cannot judge files")
        assert verdict.returncode == 0, verdict.stdout


@pytest.mark.parametrize("name", ["a;b", "a\nExecStartPre=x"])
def test_a_folder_that_would_change_their_meaning_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="FOLDER"):
        units(tmp_path / name)
