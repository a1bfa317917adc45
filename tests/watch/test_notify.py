"""What systemd would get, at a socket like its own."""

import asyncio
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ari_app.watch.notify import ServiceNotices


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(1)
        yield receiver


def environment(systemd: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": systemd.getsockname(), **more}


def test_states_arrive_as_one_message(systemd: socket.socket) -> None:
    ServiceNotices(environment(systemd)).say("READY=1", "STATUS=serving")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=serving"


def test_the_socket_may_be_in_the_abstract_namespace() -> None:
    name = f"attendant-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(f"\0{name}")
        receiver.settimeout(1)
        ServiceNotices({"NOTIFY_SOCKET": f"@{name}"}).say("STOPPING=1")
        assert receiver.recv(1000) == b"STOPPING=1"


async def test_without_systemd_nothing_happens() -> None:
    notices = ServiceNotices({"WATCHDOG_USEC": "1000"})
    notices.say("READY=1")
    async with asyncio.timeout(1):
        await notices.live()  # nobody wants signs of life


async def test_signs_of_life_come_twice_per_limit(systemd: socket.socket) -> None:
    notices = ServiceNotices(environment(systemd, WATCHDOG_USEC="100000"))
    assert notices.interval == 0.05
    task = asyncio.create_task(notices.live())
    for _ in range(3):
        assert await asyncio.to_thread(systemd.recv, 1000) == b"WATCHDOG=1"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    systemd.settimeout(0.15)
    with pytest.raises(TimeoutError):
        systemd.recv(1000)


@pytest.mark.parametrize(
    ("limit", "pid", "expected"),
    [
        ("10000000", "", 5.0),
        ("10000000", "ours", 5.0),
        ("10000000", "1", None),  # our parent's, inherited
        ("0", "", None),
        ("-5", "", None),
        ("soon", "", None),
        ("", "", None),
    ],
)
def test_the_limit_counts_for_the_process_it_was_given(
    systemd: socket.socket, limit: str, pid: str, expected: float | None
) -> None:
    pid = str(os.getpid()) if pid == "ours" else pid
    given = environment(systemd, WATCHDOG_USEC=limit, WATCHDOG_PID=pid)
    assert ServiceNotices(given).interval == expected


def test_a_socket_that_is_gone_is_logged_and_the_service_goes_on(tmp_path: Path) -> None:
    with capture_logs() as logs:
        ServiceNotices({"NOTIFY_SOCKET": str(tmp_path / "gone")}).say("READY=1")
    assert logs[0]["event"] == "notify_failed"
