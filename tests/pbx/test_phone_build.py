import json
from pathlib import Path

import pytest

from ari_app.pbx import phone_build
from ari_app.pbx.phone_build import Build, main


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A folder in which pjsua2 has been built by this very recipe."""
    monkeypatch.chdir(tmp_path)
    build = Build(tmp_path / phone_build.FOLDER, tmp_path)
    build.lib.mkdir(parents=True)
    (build.lib / "built.json").write_text(json.dumps({"made": phone_build._made_of()}))
    return build


def test_what_is_built_is_left_alone(built: Build, capsys: pytest.CaptureFixture[str]) -> None:
    assert built.current()
    assert main() == 0
    assert "is built" in capsys.readouterr().out


def test_another_python_or_recipe_means_another_build(
    built: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_build, "_made_of", lambda: "cpython-399 other")
    assert not built.current()


def test_without_a_compiler_there_is_one_line_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main() == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "gcc" in line
    assert line.endswith("the minimal phone will be used")


def test_a_newer_tarball_is_taken_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tarball = tmp_path / "asterisk_23.orig-Xpjproject.tar.xz"
    tarball.write_bytes(b"PJSIP 3")
    monkeypatch.setattr(phone_build.PrivateApt, "source", lambda self, package: tmp_path)
    assert Build(tmp_path, tmp_path)._tarball() == tarball
    assert "warning" in capsys.readouterr().out


def test_a_failing_tool_is_one_line_that_names_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asterisk.orig-Xpjproject.tar.xz").write_bytes(b"no tarball")
    monkeypatch.setattr(phone_build.PrivateApt, "source", lambda self, package: tmp_path)
    monkeypatch.setattr(Build, "_fetch_swig", lambda self: None)
    assert main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "build.log" in line
    assert (tmp_path / phone_build.FOLDER / "build.log").read_text().startswith("$ tar")
