"""How an operation of ARI reaches an Asterisk: requests, answers, and the one place where the
PBX's refusals become our errors."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote

from ari_app.ari.fields import Json, json_object
from ari_app.errors import AsteriskError, MalformedPacket, OutcomeUnknown, ResourceGone

Result = TypeVar("Result")
Texts = str | Sequence[str]
"One value, or several that travel as a comma list."

_GONE = ("Channel not found", "Bridge not found")
"addChannel and its like name a missing channel with 400 rather than 404."


class Transport(Protocol):
    """Carries requests to one Asterisk: over HTTP, or over a websocket."""

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        """Status and body of the answer. `path` is quoted and relative to `/ari`.

        Raises OutcomeUnknown when no answer came, AsteriskError when nothing was sent.
        """

    def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """A websocket's text messages. Raises AsteriskError when it cannot be opened."""


@dataclass(frozen=True)
class Request:
    """One operation with its arguments, ready to be sent."""

    name: str
    "Namespace and nickname: channels.answer."
    method: str
    path: str
    "With {argument} placeholders."
    arguments: Mapping[str, str]
    "What replaces the placeholders."
    query: Mapping[str, object]
    "None is left out; lists travel as comma lists."
    body: Json | None = None

    def url_path(self) -> str:
        quoted = {key: quote(value, safe="") for key, value in self.arguments.items()}
        return self.path.format_map(quoted)

    def url_query(self) -> dict[str, str]:
        return {key: _written(value) for key, value in self.query.items() if value is not None}


async def send(transport: Transport, request: Request) -> bytes:
    """Send the request, return the body. Raises AsteriskError, ResourceGone, OutcomeUnknown."""
    status, body = await transport.request(
        request.method, request.url_path(), request.url_query(), request.body
    )
    if not 200 <= status < 300:
        raise _refusal(request.name, status, body)
    return body


async def fetch(transport: Transport, request: Request, parse: Callable[[Json], Result]) -> Result:
    """Send the request, return its answer as a model. Raises as `send`."""
    return _understood(request, await send(transport, request), lambda v: parse(json_object(v)))


async def fetch_all(
    transport: Transport, request: Request, parse: Callable[[Json], Result]
) -> tuple[Result, ...]:
    """Send the request, return its answer as a tuple of models. Raises as `send`."""

    def every(value: object) -> tuple[Result, ...]:
        if not isinstance(value, list):
            raise MalformedPacket(f"answer: expected a list, got {type(value).__name__}")
        return tuple(parse(json_object(entry)) for entry in value)

    return _understood(request, await send(transport, request), every)


def _understood(request: Request, body: bytes, parse: Callable[[object], Result]) -> Result:
    try:
        return parse(json.loads(body))
    except (ValueError, MalformedPacket) as error:
        # It was accepted, so something has happened; what, we could not read.
        raise OutcomeUnknown(request.name, 200, f"unreadable answer: {error}") from error


def _refusal(name: str, status: int, body: bytes) -> AsteriskError:
    """Error bodies vary: {"message": …}, {"error": …}, or an HTML page."""
    try:
        said = json_object(json.loads(body))
    except (ValueError, MalformedPacket):
        said = {}
    reason = str(said.get("message") or said.get("error") or "no reason given")
    if status == 404 or (status == 400 and reason in _GONE):
        return ResourceGone(name, status, reason)
    return AsteriskError(name, status, reason)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(str(entry) for entry in value)
    return str(value)
