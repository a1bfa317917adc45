"""The renderer fills in everything, or says where it cannot."""

import re
import stat
import sysconfig
from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.pbx import fragments
from ari_app.pbx.fragments import PLACEHOLDER, fragment_folder, render, render_folder
from ari_app.pbx.values import PbxValues


def test_fills_in_every_placeholder_and_leaves_other_at_signs_alone() -> None:
    text = "exten => @EXT@,1,VoiceMail(@BOX@)\n; mail me@example.org, @lower@, @@EXT@\n"
    rendered = render(text, {"EXT": "700", "BOX": "1000@default"}, name="x.conf")
    assert rendered == (
        "exten => 700,1,VoiceMail(1000@default)\n; mail me@example.org, @lower@, @700\n"
    )


def test_a_value_is_not_rendered_again() -> None:
    assert render("@A@", {"A": "@B@", "B": "never"}, name="x.conf") == "@B@"


def test_a_missing_value_is_named_with_file_line_and_placeholder() -> None:
    with pytest.raises(ConfigError, match=r"^dialplan/x\.conf:3: @NO_SUCH@ has no value") as told:
        render("a\nb\nc @NO_SUCH@\n", {"A": "1"}, name="dialplan/x.conf")
    assert "known are A" in str(told.value)


@pytest.mark.parametrize(
    "value",
    ["700\nexten => 911,1,Hangup()", "a;b", "a\\b", "${SHELL(id)}", "$[1+1]", "a\0b", "a\rb"],
)
def test_a_value_that_would_change_the_line_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"x\.conf:2: @A@: a value may not hold") as told:
        render("\n@A@", {"A": value}, name="x.conf")
    assert value not in str(told.value)  # it may be a secret


def test_a_folder_is_rendered_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "one.conf").write_text("@A@\n")
    (tmp_path / "two.conf").write_text("@B@\n")
    (tmp_path / "README.md").write_text("@C@\n")
    target = tmp_path / "target"
    with pytest.raises(ConfigError, match=r"two\.conf:1: @B@"):
        render_folder(tmp_path, target, {"A": "1"})
    assert not target.exists()
    written = render_folder(tmp_path, target, {"A": "1", "B": "2"})
    assert [path.read_text() for path in written] == ["1\n", "2\n"]
    assert sorted(path.name for path in target.iterdir()) == ["one.conf", "two.conf"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


@pytest.mark.parametrize("name", ["asterisk", "dialplan"])
def test_production_fragments_need_production_values_only(name: str, tmp_path: Path) -> None:
    values = PbxValues(ari_password="x" * 24).placeholders()
    for path in render_folder(fragment_folder(name), tmp_path, values):
        assert not PLACEHOLDER.search(path.read_text()), path


def test_every_production_value_is_used_by_some_fragment() -> None:
    names = {
        name
        for folder in ("asterisk", "dialplan")
        for path in fragment_folder(folder).glob("*.conf")
        for name in PLACEHOLDER.findall(path.read_text())
    }
    assert names == PbxValues(ari_password="x" * 24).placeholders().keys()


def test_every_context_of_ours_is_named_so() -> None:
    for path in fragment_folder("dialplan").glob("*.conf"):
        for context in re.findall(r"^\[(.*?)\]", path.read_text(), re.MULTILINE):
            assert context.startswith("attendant-"), path


def test_no_fragment_holds_a_secret() -> None:
    """Whatever is called a password, secret or PIN comes from a placeholder."""
    folders = [fragment_folder("asterisk"), fragment_folder("asterisk") / "sandbox.d"]
    for path in [path for folder in folders for path in folder.glob("*.conf")]:
        for value in re.findall(r"^\s*(?:password|secret)\s*=>?\s*(.*)$", path.read_text(), re.M):
            assert PLACEHOLDER.fullmatch(value), path
    boxes = (fragment_folder("asterisk") / "sandbox.d/voicemail.conf").read_text()
    assert re.findall(r"^\d+ => ([^,]*)", boxes, re.M) == ["@VOICEMAIL_PIN@"]


def test_installed_fragments_are_found_where_pip_puts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragments, "__file__", str(tmp_path / "site/ari_app/pbx/fragments.py"))
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path / name))
    with pytest.raises(ConfigError, match=r"share/attendant/dialplan"):
        fragment_folder("dialplan")
    installed = tmp_path / "data/share/attendant/dialplan"
    installed.mkdir(parents=True)
    (installed / "routing.conf").touch()
    assert fragment_folder("dialplan") == installed
