"""Asterisk's side of pooled calls: dials a PooledLines as the real one was seen to, and answers
what it is asked over the same socket."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import aiohttp

from tests.support.ari_server import AriServer


def basic(user: str, password: str) -> dict[str, str]:
    """The header that shows who one is."""
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@dataclass
class PooledCall(AriServer):
    """One call's application, `attendant:Test/<caller>`, on a PBX that has nothing else."""

    port: int = 0
    "Where the workers listen."
    secret: str = ""
    caller: str = "1795231515.1"
    variables: dict[str, str] = field(default_factory=dict)
    "Of the caller's channel."
    hang: set[str] = field(default_factory=set)
    "Paths whose requests are never answered."
    refused: set[str] = field(default_factory=set)
    "Paths whose requests are answered with 409."
    _session: aiohttp.ClientSession | None = None
    _reading: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.app = f"attendant:Test/{self.caller}"

    async def dial(self) -> aiohttp.ClientWebSocketResponse:
        """Open a socket; nothing is said yet."""
        self._session = self._session or aiohttp.ClientSession()
        socket = await self._session.ws_connect(
            f"http://127.0.0.1:{self.port}/ari",
            headers=basic("attendant", self.secret),
            protocols=("ari",),
        )
        self.sockets.append(socket)  # type: ignore[arg-type]
        task = asyncio.create_task(self._read_socket(socket))
        self._reading.add(task)
        return socket

    async def register(self) -> None:
        """Dial, and say for which call."""
        await self.dial()
        await self.tell("ApplicationRegistered")

    async def enter(self, number: str = "4711", called: str = "700") -> None:
        """The caller enters the application."""
        self.add_channel(self.caller, number, called, app_data=f"attendant,inbound,{called}")
        channel = self.channels[self.caller]
        await self.tell("StasisStart", args=["inbound", called], channel=channel)

    async def ring(self) -> None:
        """A new call, all of it."""
        await self.register()
        await self.enter()

    def cut(self) -> None:
        """Reset the newest socket."""
        socket: Any = self.sockets.pop()
        socket._response.connection.transport.abort()

    async def goodbye(self) -> None:
        for socket in self.sockets:
            await socket.close()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _read_socket(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            asked = json.loads(message.data)
            assert asked["type"] == "RESTRequest"
            path = asked["uri"].split("/")
            query = {pair["name"]: pair["value"] for pair in asked["query_strings"]}
            where = "/" + "/".join(unquote(part) for part in path)
            self.requests.append((asked["method"], where, query))
            if where not in self.hang:
                await socket.send_json(await self._answer(asked, where, path, query))

    async def _answer(
        self, asked: dict[str, Any], where: str, path: list[str], query: dict[str, str]
    ) -> dict[str, Any]:
        status, body = 409, {"message": "no"}
        if where not in self.refused:
            parts = [unquote(part) for part in path]
            status, body = await self._perform(asked["method"], parts, query)
        return {
            "type": "RESTResponse",
            "transaction_id": asked["transaction_id"],
            "request_id": asked["request_id"],
            "status_code": status,
            "reason_phrase": "",
            "uri": asked["uri"],
            "message_body": "" if body is None else json.dumps(body),
        }

    async def _perform(self, method: str, path: list[str], query: dict[str, str]) -> Any:
        match method, path:
            case "GET", ["applications", self.app]:
                return 200, {
                    "name": self.app,
                    "channel_ids": list(self.channels),
                    "bridge_ids": list(self.bridges),
                }
            case "GET", ["channels", key, "variable"] if key in self.channels:
                if query["variable"] not in self.variables:
                    return 404, {"message": "Provided variable was not found"}
                return 200, {"value": self.variables[query["variable"]]}
            case "POST", ["channels", key, "variable"] if key in self.channels:
                self.variables[query["variable"]] = query["value"]
                return 204, None
        return await super()._perform(method, path, query)
