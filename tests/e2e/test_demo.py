"""`attendant demo`, as a newcomer runs it: with everything real."""

import os
import re
import socket
import subprocess
import sys
import wave
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ari_app.cli.demo import PORTS
from ari_app.cli.story import AGENT_DEAD, TALK, LeaveMessage
from ari_app.pbx.sandbox import Sandbox
from tests.support.audio import level
from tests.support.pbx import CHECKOUT, PREFIX

pytestmark = pytest.mark.e2e


def demo(folder: Path, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ari_app", "demo", "--folder", folder],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "200", "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=150,
        check=False,
    )


def test_two_calls_are_shown_and_kept(installed_pbx: Path, tmp_path: Path) -> None:
    shown = demo(tmp_path)
    assert shown.returncode == 0, shown.stdout
    for name in ("front-desk", "agent-dead"):
        with wave.open(str(tmp_path / f"{name}.wav")) as file:
            assert (file.getnchannels(), file.getframerate()) == (2, 8000)
            both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        assert level(both[:, 0]) > -45, f"the caller in {name}.wav"
        assert level(both[:, 1]) > -45, f"the far side in {name}.wav"
        assert ElementTree.parse(tmp_path / f"{name}.svg").getroot().tag.endswith("svg")
    assert len(re.findall(r"\d+ ms from the caller's last sound", shown.stdout)) >= 3
    messages = [move.text for move in (*TALK, *AGENT_DEAD) if isinstance(move, LeaveMessage)]
    told = [line for line in shown.stdout.splitlines() if "of message in mailbox" in line]
    assert len(told) == len(messages) == 2
    for message, line in zip(messages, told, strict=True):
        heard = set(line.partition("“")[2].rstrip("” ").split())
        common = len(heard & set(message.split())) / len(set(message.split()))
        assert common > 0.6, f"left: {message}; told: {line}"


def test_a_voice_that_fails_is_named_and_nothing_is_left_running(
    installed_pbx: Path, tmp_path: Path
) -> None:
    prefix = tmp_path / "var/sandbox"
    (prefix / "bin").mkdir(parents=True)
    for path in PREFIX.iterdir():
        if path.name != "bin":
            (prefix / path.name).symlink_to(path)
    for path in (PREFIX / "bin").iterdir():
        if path.name != "flite":
            (prefix / "bin" / path.name).symlink_to(path)
    (prefix / "bin/flite").write_text("#!/bin/sh\nexit 7\n")
    (prefix / "bin/flite").chmod(0o755)
    shown = demo(tmp_path / "demo", cwd=tmp_path)
    assert shown.returncode == 1
    assert "Failed: the worker did not start" in shown.stdout
    assert re.search(r"flite .*failed with exit status 7", shown.stdout)
    assert Sandbox(tmp_path / "demo/pbx").pid() is None


def test_without_free_ports_nothing_is_started(tmp_path: Path) -> None:
    with ExitStack() as held:
        for port in PORTS:
            taken = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                taken.bind(("127.0.0.1", port))
            except OSError:
                continue  # somebody else has it: as good
        shown = demo(tmp_path / "demo")
    assert shown.returncode == 1
    assert "no free ports" in shown.stdout
    assert not list((tmp_path / "demo").iterdir())
