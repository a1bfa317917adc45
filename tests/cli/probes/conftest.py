"""A PBX as far as `attendant check` sees it: ARI answers, and an echo of RTP, on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from ari_app.ari.fields import Json
from ari_app.ari.generated.operations import Operations
from ari_app.cli.probes.control import CODECS, ESSENTIAL, USEFUL
from ari_app.config import Pbx
from ari_app.errors import AsteriskError

EVERY_MODULE = {*ESSENTIAL, *USEFUL, *CODECS["ulaw"], *CODECS["alaw"], "func_talkdetect.so"}


class Echo(asyncio.DatagramProtocol):
    """The media side: sends back what comes, unless told otherwise."""

    def __init__(self) -> None:
        self.answers = True
        self.hears = True
        self.elsewhere: asyncio.DatagramTransport | None = None
        "Answer from there: address translation."
        self.received = 0
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.hears:
            return
        self.received += 1
        if self.answers:
            out = self.elsewhere or self.transport
            assert out is not None
            out.sendto(data, addr)


class FakePbx:
    """Answers requests as a healthy Asterisk does; attributes break it. Is a Transport."""

    def __init__(self, echo: Echo, address: tuple[str, int]) -> None:
        self.echo, self.address = echo, address
        self.version = "22.10.1+dfsg"
        self.modules = set(EVERY_MODULE)
        self.idle: set[str] = set()
        "Modules that are loaded and do not run."
        self.applications = {"attendant-1"}
        self.absent: set[str] = set()
        "Contexts that the dialplan lacks."
        self.refusal: tuple[int, bytes] | AsteriskError | None = None
        "To everything."
        self.undying = False
        "Channels cannot be hung up."
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []
        self.channels: set[str] = set()
        self.bridges: set[str] = set()
        self._events: asyncio.Queue[str] = asyncio.Queue()

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        self.asked.append((method, path, query))
        if isinstance(self.refusal, AsteriskError):
            raise self.refusal
        if self.refusal is not None:
            return self.refusal
        status, answer = self._answer(method, path.strip("/").split("/"), dict(query))
        return status, json.dumps(answer).encode()

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[str]]:
        async def texts() -> AsyncIterator[str]:
            while True:
                yield await self._events.get()

        yield texts()

    def _answer(self, method: str, path: list[str], query: dict[str, str]) -> tuple[int, Any]:
        if method == "DELETE":
            return self._delete(*path)
        return (200, self._read(path, query)) if method == "GET" else self._change(path, query)

    def _read(self, path: list[str], query: dict[str, str]) -> Any:
        if path[0] == "channels" and path[-1] == "variable":
            context = query["variable"].partition("(")[2].partition(",")[0]
            return {"value": "0" if context in self.absent else "1"}
        return {
            "info": {"system": {"version": self.version, "entity_id": ""}},
            "modules": [
                {"name": name, "status": "Not Running" if name in self.idle else "Running"}
                for name in self.modules
            ],
            "applications": [{"name": name} for name in self.applications],
            "channels": [self._channel(key) for key in self.channels],
            "bridges": [{"id": key} for key in self.bridges],
        }[path[-1]]

    def _change(self, path: list[str], query: dict[str, str]) -> tuple[int, Any]:
        match path:
            case ["channels", "externalMedia"]:
                host, port = self.address
                local = {"UNICASTRTP_LOCAL_ADDRESS": host, "UNICASTRTP_LOCAL_PORT": str(port)}
                self._enter(query["channelId"])
                return 200, self._channel(query["channelId"]) | {"channelvars": local}
            case ["channels", key, "variable"]:
                if query["variable"] == "TALK_DETECT(set)" and self.echo.hears:
                    self._tell("ChannelTalkingStarted", key)
                return 204, None
            case ["channels", key]:
                if "attendant-check" not in self.absent:
                    self._enter(key)
                return 200, self._channel(key)
            case ["bridges", key]:
                self.bridges.add(key)
                return 200, {"id": key}
            case ["bridges", _, "play", _]:
                return 201, {}
            case _:
                return 204, None

    def _delete(self, kind: str, key: str) -> tuple[int, Any]:
        there = self.channels if kind == "channels" else self.bridges
        if key not in there:
            return 404, {"message": "not found"}
        if not self.undying:
            there.discard(key)
        return 204, None

    def _enter(self, key: str) -> None:
        self.channels.add(key)
        self._tell("StasisStart", key)

    def _tell(self, kind: str, key: str) -> None:
        self._events.put_nowait(json.dumps({"type": kind, "channel": self._channel(key)}))

    def _channel(self, key: str) -> dict[str, Any]:
        empty = {"name": "", "number": ""}
        plan = {"context": "", "exten": "", "priority": 1, "app_name": "", "app_data": ""}
        return {"id": key, "caller": empty, "connected": empty, "dialplan": plan}


@pytest.fixture
async def fake_pbx() -> AsyncIterator[FakePbx]:
    transport, echo = await asyncio.get_running_loop().create_datagram_endpoint(
        Echo, local_addr=("127.0.0.1", 0)
    )
    yield FakePbx(echo, transport.get_extra_info("sockname"))
    transport.close()


@pytest.fixture
def ari(fake_pbx: FakePbx) -> Operations:
    return Operations(fake_pbx)


@pytest.fixture
def entry() -> Pbx:
    """The PBX's entry in the settings."""
    return Pbx(url="http://127.0.0.1:8088")
