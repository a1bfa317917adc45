"""The host's Asterisk is used when it is new enough, else an unpacked one."""

from pathlib import Path

import pytest

from ari_app.pbx import SandboxError, installation
from ari_app.pbx.installation import asterisk_version, find_asterisk, host_asterisk


def fake_asterisk(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "asterisk"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is first on the PATH, on a host with Asterisk's data."""
    folder = tmp_path / "sbin"
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    data = tmp_path / "share"
    (data / "documentation").mkdir(parents=True)
    monkeypatch.setattr(installation, "HOST_DATA", (tmp_path / "none", data))
    return folder


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", "22.10.1"),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", "20.6.0"),
        ("Asterisk certified/20.7-cert2", "20.7"),
        ("Asterisk certified-22.8", "22.8"),
    ],
)
def test_version_as_asterisk_says_it(tmp_path: Path, says: str, version: str) -> None:
    assert asterisk_version(fake_asterisk(tmp_path, says)) == version


def test_a_new_enough_asterisk_of_the_host_is_used(host: Path, tmp_path: Path) -> None:
    program = fake_asterisk(host, "Asterisk 20.6.0")
    found = find_asterisk(tmp_path / "prefix")
    assert (found.program, found.version, found.modules) == (program, "20.6.0", None)
    assert found.data == tmp_path / "share"


@pytest.mark.parametrize("says", ["Asterisk 18.10.0", "Asterisk GIT-master-abc", "no idea"])
def test_an_old_or_unknown_one_is_passed_over(host: Path, tmp_path: Path, says: str) -> None:
    fake_asterisk(host, says)
    assert host_asterisk() is None
    with pytest.raises(SandboxError, match="run `asterisk/sandbox install` first"):
        find_asterisk(tmp_path / "prefix")


def test_unpacked_is_taken_when_asked_for(host: Path, tmp_path: Path) -> None:
    fake_asterisk(host, "Asterisk 22.1.0")
    lib = tmp_path / "prefix/root/usr/lib/x86_64-linux-gnu"
    lib.mkdir(parents=True)
    (lib / "ld-linux-x86-64.so.2").touch()
    fake_asterisk(tmp_path / "prefix/bin", "Asterisk 22.10.1")
    found = find_asterisk(tmp_path / "prefix", unpacked=True)
    assert (found.version, found.modules) == ("22.10.1", lib / "asterisk/modules")
    assert find_asterisk(tmp_path / "prefix").version == "22.1.0"
