import socket

import pytest
from aiohttp import request

from ari_app.errors import ConfigError
from ari_app.watch.figures import Figures
from ari_app.watch.http import WatchServer
from ari_app.watch.notify import ServiceNotices
from ari_app.watch.watch import Watch
from tests.watch.conftest import Worker
from tests.watch.test_notify import environment, systemd

__all__ = ["systemd"]


def messages(systemd: socket.socket) -> list[bytes]:
    found = []
    systemd.setblocking(False)
    try:
        while True:
            found.append(systemd.recv(1000))
    except BlockingIOError:
        return found


async def test_systemd_is_told_from_serving_to_stopping(
    systemd: socket.socket, worker: Worker, figures: Figures
) -> None:
    server = WatchServer("127.0.0.1", 0, worker, figures)
    async with Watch(server, ServiceNotices(environment(systemd))) as watch:
        async with request("GET", "http://{}:{}/health".format(*server.address)) as answer:
            assert answer.status == 200
        assert messages(systemd) == [b"READY=1\nSTATUS=serving"]
        watch.stopping()
        assert messages(systemd) == [b"STOPPING=1\nSTATUS=draining"]
    assert messages(systemd) == []


async def test_a_worker_that_cannot_be_watched_is_not_ready(
    systemd: socket.socket, worker: Worker, figures: Figures
) -> None:
    server = WatchServer("192.0.2.1", 0, worker, figures)
    with pytest.raises(ConfigError):
        async with Watch(server, ServiceNotices(environment(systemd))):
            pytest.fail("entered")
    assert messages(systemd) == []


async def test_neither_http_nor_systemd_is_needed() -> None:
    async with Watch(None, ServiceNotices({})) as watch:
        watch.stopping()
