"""An Asterisk's REST interface without the Asterisk: a real HTTP and websocket server that keeps
channels and bridges, tells of them as the real one was seen to, and misbehaves when it is told
to. For what only a real Asterisk can show, use tests/e2e.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

STAMP = "2026-11-21T03:25:15.249+0000"


@dataclass
class Misbehaviour:
    """What happens instead of an answer."""

    status: int = 0
    "Answer with this status …"
    body: str = ""
    "… and this body …"
    location: str = ""
    "… and, if set, this redirection."
    hang: bool = False
    "Carry it out, but never answer."
    abort: bool = False
    "Carry it out, then cut the connection."
    delay: float = 0.0
    "Seconds before it is carried out."


@dataclass
class AriServer:
    """One Asterisk with one Stasis application."""

    user: str = "attendant"
    password: str = "test-only"
    app: str = "attendant-1"
    url: str = ""
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    bridges: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    "Method, path, query of all that came."
    misbehave: dict[tuple[str, str], Misbehaviour] = field(default_factory=dict)
    "By method and path below /ari, until taken away."
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    refuse: bool = False
    "Refuse websockets with 503."
    rtp_port: int = 10834
    "Where it says that it expects RTP."
    joined: bool = True
    "Media channels announce themselves with StasisStart."
    deaf: bool = False
    "The application is deactivated under its open websocket, until another one comes."
    on_open: Callable[[str], Awaitable[None]] | None = None
    "Called with the application whenever a websocket opens."
    _count: int = 0

    # What a test makes happen.

    async def call_in(self, number: str = "4711", called: str = "700", **extra: Any) -> str:
        """A caller enters the application."""
        key = f"1795231515.{self._next()}"
        self.add_channel(key, number, called)
        self.channels[key] |= extra
        await self.tell("StasisStart", args=["inbound"], channel=self.channels[key])
        return key

    def add_channel(
        self, key: str, number: str = "", called: str = "700", app_data: str = ""
    ) -> None:
        """Without an event."""
        self.channels[key] = {
            "id": key,
            "name": f"Test/{key}",
            "state": "Ring",
            "caller": {"name": "", "number": number},
            "connected": {"name": "", "number": ""},
            "dialplan": {
                "context": "attendant-agent",
                "exten": called,
                "priority": 2,
                "app_name": "Stasis",
                "app_data": app_data or f"{self.app},inbound",
            },
        }

    async def hang_up(self, key: str) -> None:
        """The channel's far end hangs up: as measured, no ChannelDestroyed for a caller."""
        channel = self.channels.pop(key)
        await self.tell("ChannelHangupRequest", channel=channel)
        await self.tell("StasisEnd", channel=channel)
        if key.startswith("attendant."):
            await self.tell("ChannelDestroyed", cause=16, cause_txt="Normal", channel=channel)

    async def tell(self, kind: str, **fields: Any) -> None:
        message = {"type": kind, "timestamp": STAMP, "application": self.app, **fields}
        await self.tell_raw(json.dumps(message))

    async def tell_raw(self, text: str) -> None:
        """To the newest websocket, as the real one does."""
        if self.sockets and not self.deaf:
            await self.sockets[-1].send_str(text)

    def drop(self) -> None:
        """Cut all websockets without goodbye."""
        for socket in self.sockets:
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
        self.sockets.clear()

    def asked(self, method: str, path: str) -> list[dict[str, str]]:
        """The queries of all requests to this path."""
        return [query for m, p, query in self.requests if (m, p) == (method, path)]

    # The server.

    @asynccontextmanager
    async def running(self) -> AsyncIterator["AriServer"]:
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_route("*", "/ari/{path:.*}", self._rest)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        try:
            yield self
        finally:
            self.drop()
            await runner.cleanup()

    def _authorised(self, request: web.Request) -> bool:
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {token}"

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self.refuse or not self._authorised(request):
            return web.Response(status=503 if self.refuse else 401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.sockets:
            await self.tell("ApplicationReplaced")
        self.sockets.append(socket)
        self.deaf = False
        if self.on_open is not None:
            await self.on_open(request.query["app"])
        async for _ in socket:
            pass
        return socket

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        parts = [unquote(part) for part in request.rel_url.raw_path.split("/")[2:]]
        path = "/" + "/".join(parts)
        query = dict(request.query)
        self.requests.append((request.method, path, query))
        if not self._authorised(request):
            return web.json_response({"error": "Authentication required"}, status=401)
        odd = self.misbehave.get((request.method, path), Misbehaviour())
        await asyncio.sleep(odd.delay)
        if odd.status:
            headers = {"Location": odd.location} if odd.location else {}
            return web.Response(status=odd.status, text=odd.body, headers=headers)
        status, body = await self._perform(request.method, parts, query)
        if odd.hang:
            await asyncio.sleep(3600)
        if odd.abort and request.transport is not None:
            request.transport.abort()
        if status == 204:
            return web.Response(status=204)
        return web.json_response(body, status=status)

    async def _perform(self, method: str, path: list[str], query: dict[str, str]) -> Any:
        match path:
            case ["channels", key, *_] if key not in {*self.channels, "externalMedia"}:
                return 404, {"message": "Channel not found"}
            case ["bridges", key, *_] if key not in self.bridges and (method, len(path)) != (
                "POST",
                2,
            ):
                return 404, {"message": "Bridge not found"}
        if method == "GET":
            return 200, self._read(path)
        if method == "DELETE":
            await self._delete(*path)
            return 204, None
        return await self._post(path, query)

    def _read(self, path: list[str]) -> Any:
        match path:
            case ["channels"]:
                return list(self.channels.values())
            case ["bridges"]:
                return list(self.bridges.values())
            case ["channels", key]:
                return self.channels[key]
            case _:
                return {"rxcount": 42, "txcount": 1}

    async def _delete(self, kind: str, key: str) -> None:
        if kind == "bridges":
            del self.bridges[key]
        else:
            await self.hang_up(key)

    async def _post(self, path: list[str], query: dict[str, str]) -> Any:
        match path:
            case ["channels", "externalMedia"]:
                return await self._external_media(query)
            case ["bridges", key]:
                self.bridges[key] = {"id": key, "channels": [], "technology": "simple_bridge"}
                return 200, self.bridges[key]
            case ["bridges", key, "addChannel"]:
                return self._add_channel(key, query["channel"].split(","))
            case ["events", "user", name]:
                await self.tell("ChannelUserevent", eventname=name, userevent={})
            case ["channels", key, "continue"]:
                plan = self.channels[key]["dialplan"]
                self.channels[key]["dialplan"] = {**plan, "app_name": "Wait", "app_data": "30"}
                await self.tell("StasisEnd", channel=self.channels[key])
        return 204, None

    async def _external_media(self, query: dict[str, str]) -> Any:
        key = query["channelId"]
        if key in self.channels:
            return 500, {"message": "An internal error prevented this request from being handled"}
        local = {
            "UNICASTRTP_LOCAL_ADDRESS": "127.0.0.1",
            "UNICASTRTP_LOCAL_PORT": str(self.rtp_port),
        }
        self.add_channel(key, called="s", app_data=self.app)
        if self.joined:
            await self.tell("StasisStart", args=[], channel=self.channels[key])
        return 200, {**self.channels[key], "channelvars": local}

    def _add_channel(self, bridge: str, keys: list[str]) -> Any:
        if any(key not in self.channels for key in keys):
            return 400, {"message": "Channel not found"}
        self.bridges[bridge]["channels"] += keys
        return 204, None

    def _next(self) -> int:
        self._count += 1
        return self._count
