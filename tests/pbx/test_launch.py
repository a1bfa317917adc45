"""Wrappers start a program of the tree through the tree's own loader."""

import subprocess
from pathlib import Path

import pytest

from ari_app.pbx import SandboxError
from ari_app.pbx.launch import library_folder, wrap_programs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree whose loader is a script that tells how it was called."""
    root = tmp_path / "pre fix/root"
    lib = root / "usr/lib/x86_64-linux-gnu"
    (lib / "pulseaudio").mkdir(parents=True)
    (lib / "pulseaudio/libpulse.so.0").touch()
    loader = lib / "ld-linux-x86-64.so.2"
    loader.write_text('#!/bin/sh\nprintf "%s\\n" "$GCONV_PATH" "$@"\n')
    loader.chmod(0o755)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/program").write_bytes(b"\x7fELF and so on")
    (root / "usr/bin/other-name").symlink_to("program")
    (root / "usr/bin/script").write_text("#!/bin/sh\n")
    (root / "usr/bin/broken").symlink_to("/etc/alternatives/nothing")
    return root


def test_a_wrapper_calls_the_loader_with_the_trees_libraries(tree: Path) -> None:
    programs = ["usr/bin/program", "usr/bin/other-name", "usr/bin/script", "usr/bin/broken"]
    assert wrap_programs(tree, tree.parent / "bin", programs) == ["other-name", "program"]
    wrapper = tree.parent / "bin/program"
    told = subprocess.run([wrapper, "-x", "a b"], capture_output=True, text=True, check=True)
    lib = tree / "usr/lib/x86_64-linux-gnu"
    assert told.stdout.splitlines() == [
        f"{lib}/gconv",
        *["--library-path", f"{lib}:{lib}/pulseaudio"],
        *["--argv0", "program", f"{tree}/usr/bin/program"],
        *["-x", "a b"],
    ]


def test_the_tree_may_be_moved(tree: Path) -> None:
    wrap_programs(tree, tree.parent / "bin", ["usr/bin/program"])
    moved = tree.parent.rename(tree.parent.parent / "elsewhere")
    told = subprocess.run([moved / "bin/program"], capture_output=True, text=True, check=True)
    assert f"{moved}/root/usr/bin/program" in told.stdout


def test_without_a_c_library_there_is_nothing_to_launch(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="asterisk/sandbox install"):
        library_folder(tmp_path)
