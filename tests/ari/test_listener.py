"""The port itself: slow visitors, many visitors, TLS, and two workers on one port."""

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from ari_app.ari import listener as module
from ari_app.ari.door import Door
from ari_app.ari.listener import Listener
from ari_app.ari.settings import PoolSettings
from tests.support.pooled_pbx import basic

SECRET = "sixteen or more characters"
RIGHT = basic("us", SECRET)


async def hear(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        await socket.send_str(f"heard {message.data}")


@asynccontextmanager
async def listening(**pool: object) -> AsyncIterator[tuple[Listener, Door]]:
    settings = PoolSettings(**{"password": SECRET, "port": 0, **pool})  # type: ignore[arg-type]
    door = Door(settings, "us")
    opened = Listener(settings, door, hear)
    opened.open()
    yield opened, door
    await opened.close()


async def says(port: int, tls: ssl.SSLContext | None = None) -> str:
    """What the worker answers over a websocket."""
    url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}/ari"
    async with (
        aiohttp.ClientSession(headers=RIGHT) as session,
        session.ws_connect(url, protocols=("ari",), ssl=tls or True) as socket,
    ):
        await socket.send_str("hello")
        return await socket.receive_str(timeout=2.0)


async def test_visitors_who_say_nothing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HALF_OPEN", 5)
    monkeypatch.setattr(module, "HANDSHAKE", 0.2)
    async with listening() as (opened, door):
        visitors = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(20)]
        assert await says(opened.port) == "heard hello"
        for reader, writer in visitors:
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 2.0) == b""
            writer.close()
        assert door.refused["too many at once"] + door.refused["too slow"] == 20
        assert door.refused["too many at once"] >= 15


async def test_a_websocket_is_not_too_slow_once_it_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE", 0.1)
    async with listening() as (opened, door), aiohttp.ClientSession(headers=RIGHT) as session:
        url = f"ws://127.0.0.1:{opened.port}/"
        async with session.ws_connect(url, protocols=("ari",)) as socket:
            await asyncio.sleep(0.2)
            await socket.send_str("still here")
            assert await socket.receive_str(timeout=2.0) == "heard still here"
        assert not door.refused


async def test_garbage_and_huge_headers_are_refused() -> None:
    async with listening() as (opened, _):
        for said in (b"\x16\x03\x01\x00\xff" * 50, b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
            writer.write(said)
            assert b" 400 " in await asyncio.wait_for(reader.readline(), 2.0)
            writer.close()
        assert await says(opened.port) == "heard hello"


async def test_over_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1"
    made += (
        f" -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    )
    subprocess.run(made.split(), check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    async with listening(tls=server) as (opened, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", opened.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 2.0)
        writer.close()
        assert await says(opened.port, client) == "heard hello"


async def test_two_workers_share_a_port_and_one_may_go() -> None:
    async with listening(reuse_port=True) as (one, _):
        async with listening(reuse_port=True, port=one.port) as (other, _):
            one.shut()
            for _ in range(10):
                assert await says(other.port) == "heard hello"
            one.open()
        for _ in range(10):
            assert await says(one.port) == "heard hello"
