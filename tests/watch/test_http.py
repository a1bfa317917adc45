"""The endpoints over a real socket."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from ari_app.errors import ConfigError
from ari_app.watch.figures import Figures
from ari_app.watch.http import WatchServer
from tests.watch.conftest import Worker


@pytest.fixture
async def server(worker: Worker, figures: Figures) -> AsyncIterator[WatchServer]:
    server = WatchServer("127.0.0.1", 0, worker, figures)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def client(server: WatchServer) -> AsyncIterator[ClientSession]:
    host, port = server.address
    async with ClientSession(f"http://{host}:{port}") as client:
        yield client


async def test_a_worker_that_serves_is_alive_and_ready(client: ClientSession) -> None:
    async with client.get("/health") as answer:
        assert (answer.status, await answer.json()) == (200, {"alive": True})
    async with client.get("/ready") as answer:
        assert answer.status == 200
        assert await answer.json() == {
            "ready": True,
            "why": [],
            "lines": {"main": True},
            "store": "healthy",
            "calls": 3,
            "room": 5,
        }


async def test_one_that_drains_is_alive_but_not_ready(
    client: ClientSession, worker: Worker
) -> None:
    worker.seen = replace(worker.seen, draining=True)
    async with client.get("/health") as answer:
        assert answer.status == 200
    async with client.get("/ready") as answer:
        assert answer.status == 503
        assert (await answer.json())["why"] == ["draining"]


async def test_without_its_store_it_is_ready_and_says_degraded(
    client: ClientSession, worker: Worker
) -> None:
    worker.seen = replace(worker.seen, store_healthy=False)
    async with client.get("/ready") as answer:
        assert answer.status == 200
        assert (await answer.json())["store"] == "degraded"


async def test_live_calls_without_numbers_or_words(client: ClientSession) -> None:
    async with client.get("/calls") as answer:
        calls = (await answer.json())["calls"]
    assert calls[0] == {
        "call": "k3x",
        "worker": "attendant.3",
        "pbx": "main",
        "phase": "talking",
        "profile": "front-desk",
        "seconds": 12.5,
    }
    assert len(calls) == 3


async def test_prometheus_can_read_the_metrics(
    client: ClientSession, figures: Figures, worker: Worker
) -> None:
    figures.observe(worker)
    async with client.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        families = {one.name for one in text_string_to_metric_families(await answer.text())}
    assert {"attendant_calls", "attendant_rtp_packets", "process_open_fds"} <= families


@pytest.mark.parametrize("path", ["/", "/call", "/calls/k3x", "/metrics/../calls/", "/%2e%2e/etc"])
async def test_other_paths_are_not_found(client: ClientSession, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/calls"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_can_be_changed(client: ClientSession, method: str, path: str) -> None:
    async with client.request(method, path, data=b"x" * 1000) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD"


async def test_answers_are_not_kept_and_say_little_of_the_server(client: ClientSession) -> None:
    for path in ("/calls", "/nowhere"):
        async with client.get(path) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Server"] == "attendant"


async def test_a_port_that_is_taken_is_a_fault_of_the_settings(
    server: WatchServer, worker: Worker, figures: Figures
) -> None:
    for bind, port in (server.address, ("127.0.0.1", 65536), ("192.0.2.1", 0)):
        with pytest.raises(ConfigError, match=rf"watch\.bind: cannot listen at {bind}:{port}"):
            await WatchServer(bind, port, worker, figures).start()


async def test_nobody_listens_after_it_was_closed(worker: Worker, figures: Figures) -> None:
    server = WatchServer("127.0.0.1", 0, worker, figures)
    await server.start()
    address = server.address
    await server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 1)
