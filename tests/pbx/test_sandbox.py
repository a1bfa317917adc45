"""A private PBX that cannot start says why, and mistakes no other process for itself."""

import os
import socket
from pathlib import Path

import pytest

from ari_app.pbx import SandboxError
from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox


def test_another_process_with_its_old_number_is_not_taken_for_it(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    (tmp_path / "pid").write_text(str(os.getpid()))
    assert sandbox.pid() is None
    sandbox.stop()
    sandbox.kill()


@pytest.mark.parametrize("content", ["", "no number", "999999999"])
def test_a_useless_pid_file_means_not_running(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert Sandbox(tmp_path).pid() is None


@pytest.mark.parametrize(
    ("what", "kind"), [("SIP", socket.SOCK_DGRAM), ("HTTP", socket.SOCK_STREAM)]
)
def test_a_taken_port_is_told_before_anything_is_written(
    tmp_path: Path, what: str, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        ports = {"sip_port": 5999, "http_port": 5998, f"{what.lower()}_port": port}
        second = Sandbox(tmp_path / "run", SandboxSettings(**ports))
        with pytest.raises(SandboxError, match=rf"^{what} port 127.0.0.1:{port}: .*in use"):
            second.start()
    assert not second.run_dir.exists()


def test_an_address_that_is_not_ours_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"SIP port 192.0.2.99:"):
        Sandbox(tmp_path / "run", SandboxSettings(bind="192.0.2.99")).start()


def test_a_path_too_long_for_the_control_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="too long a path"):
        Sandbox(tmp_path / ("x" * 100), SandboxSettings()).start()


def test_addresses_for_those_who_call_it(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, SandboxSettings(bind="0.0.0.0", sip_port=5070, http_port=8099))
    assert sandbox.sip_address == ("127.0.0.1", 5070)
    assert sandbox.ari_url == "http://127.0.0.1:8099/ari"
