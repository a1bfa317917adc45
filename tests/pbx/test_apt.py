"""Our own apt, with packages made here and no network."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ari_app.pbx import SandboxError
from ari_app.pbx.apt import PrivateApt
from ari_app.pbx.mirror import OVERRIDE

pytestmark = pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="needs apt-get and dpkg-deb"
)


def record(prefix: Path, suite: str, **packages: str) -> None:
    prefix.mkdir(exist_ok=True)
    content = {"from": {"suite": suite, "mirror": "http://x.test"}, "packages": packages}
    (prefix / "versions.json").write_text(json.dumps(content))


def test_what_is_unpacked_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # no tool can be asked
    record(tmp_path, "forky", asterisk="22.1", flite="2.2")
    said: list[str] = []
    apt = PrivateApt(tmp_path, "forky", say=said.append)
    assert apt.unpack(["flite"]) == {"flite": "2.2"}
    assert said == []


def test_a_prefix_holds_one_suite(tmp_path: Path) -> None:
    record(tmp_path, "forky", asterisk="22.1")
    with pytest.raises(SandboxError, match=r"holds packages of forky, not trixie.*--prefix"):
        PrivateApt(tmp_path, "trixie").unpack(["asterisk"])


def test_a_mirror_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OVERRIDE, f"file:{tmp_path}/nothing")
    with pytest.raises(SandboxError, match=r"^apt-get update \(forky from file:.*\): ") as told:
        PrivateApt(tmp_path / "prefix", say=lambda line: None).unpack(["asterisk"])
    assert "\n" not in str(told.value)
    assert not (tmp_path / "prefix/versions.json").exists()


def test_without_apt_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxError, match="which this machine does not have"):
        PrivateApt(tmp_path / "prefix", say=lambda line: None).unpack(["asterisk"])


def test_downloaded_packages_are_unpacked_wrapped_and_recorded(tmp_path: Path) -> None:
    """The part after the download, on two small packages of one source."""
    archives = tmp_path / "archives"
    archives.mkdir()
    make_deb(archives, "libc6-of-ours", "1.0", {"usr/lib/x-linux-gnu/ld-linux-x.so.2": b"ld"})
    make_deb(archives, "hello", "2.10", {"usr/bin/hello": b"\x7fELF"}, source="greetings (1)")
    make_deb(archives, "hello-more", "2.10", {"usr/sbin/hellod": b"\x7fELF"}, source="greetings")
    make_deb(archives, "unrelated", "3", {"usr/bin/ls": b"\x7fELF"})
    apt = PrivateApt(tmp_path / "prefix", say=lambda line: None)
    (tmp_path / "prefix/apt").mkdir(parents=True)
    apt.extract(sorted(archives.glob("*.deb")), ["hello"])
    assert sorted(path.name for path in apt.bin.iterdir()) == ["hello", "hellod"]
    assert apt.versions()["unrelated"] == "3"
    status = (tmp_path / "prefix/apt/status").read_text()
    assert status.count("Status: install ok installed\n\n") == 4


def make_deb(
    folder: Path, name: str, version: str, files: dict[str, bytes], source: str = ""
) -> None:
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x.test>\n"
    control += f"Source: {source}\n" if source else ""
    (tree / "DEBIAN/control").write_text(control + "Description: x\n y\n")
    for path, content in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(content)
    subprocess.run(["dpkg-deb", "--build", tree, folder], check=True, capture_output=True)
    shutil.rmtree(tree)
