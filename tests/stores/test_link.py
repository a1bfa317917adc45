"""The ways to a Redis: socket, TLS, Sentinel; and what happens when there is none."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ari_app.errors import StoreUnavailable
from ari_app.stores.link import RedisLink
from ari_app.stores.settings import StoreSettings
from tests.support.redis import RedisServer, free_port


@asynccontextmanager
async def linked(settings: StoreSettings) -> AsyncIterator[RedisLink]:
    link = RedisLink(settings)
    try:
        yield link
    finally:
        await link.close()


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate")
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", str(paths[0]), "-keyout", str(paths[1])]
    subprocess.run([*command.split(), *subject, *files], check=True, capture_output=True)
    return paths


async def test_a_unix_socket_will_do(
    make_redis: Callable[..., RedisServer], tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    server = make_redis(options={"unixsocket": str(path)})
    async with linked(server.settings(url=f"unix://{path}")) as link:
        await link.ping()
        assert link.healthy


async def test_tls_is_checked(make_redis: Callable[..., RedisServer], tmp_path: Path) -> None:
    shown, key = certificate(tmp_path, "server")
    other, _ = certificate(tmp_path, "other")
    files = {"tls-cert-file": str(shown), "tls-key-file": str(key), "tls-auth-clients": "no"}
    server = make_redis(tls=True, options={**files, "tls-ca-cert-file": str(shown)})
    async with linked(server.settings(ca_file=shown)) as link:
        await link.ping()
    for settings in (
        server.settings(ca_file=other),
        server.settings(),
        server.settings(ca_file=shown, url=f"rediss://localhost:{server.port}"),
    ):
        async with linked(settings) as link:
            with pytest.raises(StoreUnavailable, match=r"(?i)certificate"):
                await link.ping()


async def test_another_database_is_chosen(redis: RedisServer) -> None:
    async with linked(redis.settings(url=f"redis://127.0.0.1:{redis.port}/7")) as link:
        await link.run(0.25, "SET", "database", "7")
    async with linked(redis.settings()) as link:
        assert await link.run(0.25, "GET", "database") is None


def sentinel_of(master: RedisServer, make_redis: Callable[..., RedisServer]) -> RedisServer:
    name = "main"
    options = {
        "sentinel monitor": f"{name} 127.0.0.1 {master.port} 1",
        "sentinel auth-pass": f"{name} {master.password}",
        "sentinel down-after-milliseconds": f"{name} 300",
        "sentinel failover-timeout": f"{name} 3000",
    }
    return make_redis(options=options, arguments=("--sentinel",))


def behind(sentinel: RedisServer, master: RedisServer) -> StoreSettings:
    """The first of these Sentinels is not there."""
    return StoreSettings(
        url=f"sentinel://127.0.0.1:{free_port()},127.0.0.1:{sentinel.port}/main",
        password=master.password,
        sentinel_password=sentinel.password,
    )


async def test_a_sentinel_says_where_the_server_is(make_redis: Callable[..., RedisServer]) -> None:
    master = make_redis()
    sentinel = sentinel_of(master, make_redis)
    async with linked(behind(sentinel, master)) as link:
        await link.run(1.0, "SET", "found", "yes")
    async with linked(master.settings()) as link:
        assert await link.run(0.25, "GET", "found") == b"yes"


@pytest.mark.e2e
async def test_a_failover_is_followed(make_redis: Callable[..., RedisServer]) -> None:
    master = make_redis()
    replication = {"replicaof": f"127.0.0.1 {master.port}", "masterauth": master.password}
    replica = make_redis(options=replication, password=master.password)
    async with linked(replica.settings()) as watch:
        await until(lambda: replicates(watch))
    sentinel = sentinel_of(master, make_redis)
    async with linked(sentinel.settings()) as watch:
        await until(lambda: knows_replica(watch))
    async with linked(behind(sentinel, master)) as link:
        await link.ping()
        began = time.monotonic()
        master.stop()
        with pytest.raises(StoreUnavailable):
            await link.run(0.25, "SET", "who", "nobody")
        await until(lambda: writable(link))
        print(f"failover followed in {time.monotonic() - began:.1f} s")


async def replicates(link: RedisLink) -> bool:
    role = await link.run(1.0, "ROLE")
    return bool(role[0] == b"slave" and role[3] == b"connected")


async def knows_replica(link: RedisLink) -> bool:
    known = await link.run(1.0, "SENTINEL", "REPLICAS", "main")
    return bool(known)


async def writable(link: RedisLink) -> bool:
    try:
        return bool(await link.run(0.25, "SET", "who", "replica"))
    except StoreUnavailable:
        return False


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await true():  # type: ignore[misc]
            await asyncio.sleep(0.05)


async def test_where_nobody_listens_is_said_at_once() -> None:
    settings = StoreSettings(url=f"redis://127.0.0.1:{free_port()}/0")
    async with linked(settings) as link:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match=r"redis://127.0.0.1:\d+/0: .*"):
            await link.ping()
        assert time.monotonic() - began < 0.5
        assert not link.healthy


async def test_somebody_who_speaks_another_language_is_no_store() -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with linked(StoreSettings(url=f"redis://127.0.0.1:{port}/0")) as link:
        with pytest.raises(StoreUnavailable):
            await link.ping()
    server.close()
    await server.wait_closed()


async def test_nothing_is_sent_twice() -> None:
    """Who hangs up after a command may have carried it out."""
    heard = b""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += await reader.read(1000)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with linked(StoreSettings(url=f"redis://127.0.0.1:{port}/0")) as link:
        with pytest.raises(StoreUnavailable):
            await link.run(1.0, "SET", "once", "only")
    assert heard.count(b"only") == 1
    server.close()
    await server.wait_closed()


async def test_who_is_slow_to_connect_is_reached_on_the_side(redis: RedisServer) -> None:
    """A begin has 50 ms; connecting to this server takes 150."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        there = await asyncio.open_connection("127.0.0.1", redis.port)
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))

    proxy = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    async with linked(redis.settings(url=f"redis://127.0.0.1:{port}/0")) as link:
        with pytest.raises(StoreUnavailable, match=r"no answer within 0\.05 s"):
            await link.run(0.05, "PING")
        async with asyncio.timeout(2):
            while not link.healthy:
                await asyncio.sleep(0.01)
        assert await link.run(0.05, "PING") in (b"PONG", True)
    proxy.close()


async def test_a_black_hole_is_given_up_in_time() -> None:
    hole = socket.create_server(("127.0.0.1", 0), backlog=1)
    settings = StoreSettings(url=f"redis://127.0.0.1:{hole.getsockname()[1]}/0", password="x")
    async with linked(settings) as link:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await link.run(0.05, "PING")
        assert time.monotonic() - began < 0.1
    hole.close()
