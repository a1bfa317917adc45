"""A worker as Prometheus, a balancer and systemd see it."""

import asyncio
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from ari_app.ari.pooled import PooledLines
from ari_app.ari.settings import PbxSettings, PoolSettings
from ari_app.ari.shared import SharedLines
from ari_app.board.board import MediaBoard
from ari_app.call.record import CallRecord
from ari_app.config import Pbx, Profile, Settings, Watch
from ari_app.view import View, watch_of
from ari_app.watch.figures import Figures, Identity

PBX = Pbx(url="http://127.0.0.1:1")
SETTINGS = Settings(pbx=[PBX], profiles={"desk": Profile(flow=Path("x"))})
RECORD = CallRecord("k3x", "attendant.1", "main", "ch", "attendant-1", "+4930", "700")


@dataclass
class Driver:
    record: CallRecord = RECORD


@dataclass
class Kept:
    healthy: bool = True


class Scene:
    """A worker of one PBX with both kinds of lines, as App would have it."""

    def __init__(self) -> None:
        made = PbxSettings(url=PBX.url, user="x", password="y", name="main")
        self.shared = SharedLines(made)
        self.pooled = PooledLines(made, PoolSettings(password="sixteen letters!"))
        self.drivers: dict[str, Driver] = {}
        self.store, self.behind = Kept(), Kept()
        self.draining = False
        self.view = View(
            SETTINGS,
            MediaBoard(),
            lines=[(PBX, self.shared), (PBX, self.pooled)],
            drivers=self.drivers.values(),
            kept=(self.store, self.behind),
            draining=lambda: self.draining,
        )

    async def close(self) -> None:
        await self.shared.close()
        await self.pooled.close()


async def test_it_is_what_its_rooms_say() -> None:
    scene = Scene()
    first = scene.view.snapshot()
    assert (dict(first.lines), first.store_healthy, first.calls) == ({"main": False}, True, ())
    assert first.room == SETTINGS.most_calls
    scene.shared.connected.set()
    scene.drivers["a"] = Driver()
    scene.behind.healthy = False
    scene.draining = True
    then = scene.view.snapshot()
    assert (dict(then.lines), then.store_healthy, then.draining) == ({"main": True}, False, True)
    assert [call.call for call in then.calls] == ["k3x"]
    assert then.room == SETTINGS.most_calls - 1
    await scene.close()


async def test_what_lines_counted_is_added_up() -> None:
    scene = Scene()
    scene.shared.reaped = 2
    scene.shared.feed.malformed = 1
    scene.pooled.seen.update(malformed=3, redials=1)
    scene.pooled.door.refuse("stranger", "192.0.2.1")
    scene.pooled.door.refuse("wrong credentials", "192.0.2.1")
    counts = scene.view.snapshot().counts
    assert counts["reaped"] == 2
    assert counts["malformed"] == 4
    assert counts["redials"] == 1
    assert counts["refused"] == 2
    await scene.close()


async def test_each_worker_has_a_port_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    scene = Scene()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    changes = {"watch": Watch(port=port - 1), "worker": 2}
    settings = SETTINGS.model_copy(update=changes)
    async with watch_of(settings, Figures(Identity("attendant", 2)), scene.view):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ready HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.0 503"), "no PBX is connected"
    await scene.close()


async def test_it_is_off_unless_it_has_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    scene = Scene()
    listening = []
    monkeypatch.setattr("ari_app.view.WatchServer", listening.append)
    async with watch_of(SETTINGS, Figures(Identity("attendant", 1)), scene.view):
        assert listening == []
    await scene.close()
