"""The command asterisk/sandbox, as far as it goes without an Asterisk."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ari_app.pbx.command import main, parser
from ari_app.pbx.run_folder import SandboxSettings

SCRIPT = Path(__file__).resolve().parents[2] / "asterisk/sandbox"


def test_runs_on_a_python_that_has_nothing_installed() -> None:
    argv = [sys.executable, "-I", "-S", "-W", "error", str(SCRIPT), "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "install" in done.stdout


def test_start_has_an_option_for_each_setting() -> None:
    arguments = vars(parser().parse_args(["start", "run", "--sip-port", "5070", "--unpacked"]))
    given = {field.name: arguments[field.name] for field in fields(SandboxSettings)}
    assert SandboxSettings(**given) == SandboxSettings(sip_port=5070, unpacked=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["start", "RUN", "--http-port", "0"], "sandbox: http_port: 0 is not between"),
        (["start", "RUN", "--prefix", "PREFIX", "--unpacked"], "run `asterisk/sandbox install`"),
        (["cli", "RUN", "core show uptime"], "sandbox: no Asterisk in"),
    ],
)
def test_an_error_is_one_line_and_exit_status_1(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    assert main([word.replace("RUN", str(tmp_path / "run")) for word in words]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_stopping_what_does_not_run_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stop", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "was not running\n"
