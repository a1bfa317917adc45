"""REST over ARI's websocket (`RESTRequest`, `RESTResponse`): a Transport that outlives sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Protocol

from ari_app.ari.fields import Json
from ari_app.ari.generated.events import RESTResponse
from ari_app.ari.transport import Transport
from ari_app.errors import AsteriskError, OutcomeUnknown

Answer = tuple[int, bytes]
"Status and body."


class Socket(Protocol):
    """What is needed of a websocket."""

    async def send_str(self, data: str) -> None:
        """Raises ConnectionError when it is closed."""


class SocketTransport:
    """See Transport. One for each call: it may change its socket, and in the end has none.

    Between two sockets requests wait: another worker may be about to take the call over, so they
    must not go another way. After `end` they go over HTTP, for what is left to be deleted.
    """

    def __init__(self, afterwards: Transport, timeout: float) -> None:
        self._afterwards = afterwards
        self._timeout = timeout
        self._socket: Socket | None = None
        self._attached = asyncio.Event()
        self._ended = False
        self._ids = count(1)
        self._pending: dict[str, tuple[Socket, asyncio.Future[Answer | None]]] = {}
        "By request; None for an answer says that none will come."

    @property
    def socket(self) -> Socket | None:
        """The newest one, while it is open."""
        return self._socket

    def attach(self, socket: Socket) -> None:
        """Requests go here from now on; the older socket may still bring answers."""
        self._socket = socket
        self._attached.set()

    def detach(self, socket: Socket) -> None:
        """This one has closed: what was asked over it stays unanswered."""
        if self._socket is socket:
            self._socket = None
            self._attached.clear()
        for asked, answer in self._pending.values():
            if asked is socket and not answer.done():
                answer.set_result(None)

    def end(self) -> None:
        """No socket will come any more."""
        self._ended = True
        self._attached.set()

    def take(self, response: RESTResponse) -> None:
        """An answer came; one that nobody waits for any more is nobody's business."""
        _, answer = self._pending.get(response.request_id, (None, None))
        if answer is not None and not answer.done():
            body = response.message_body or ""
            answer.set_result((response.status_code, body.encode()))

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> Answer:
        """See Transport. Nothing is tried twice here."""
        name = f"{method} {path}"
        socket = await self._wait(name)
        if socket is None:
            return await self._afterwards.request(method, path, query, body)
        key = str(next(self._ids))
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._pending[key] = (socket, answer)
        try:
            async with asyncio.timeout(self._timeout):
                await socket.send_str(_written(key, method, path, query, body))
                came = await answer
        except (ConnectionError, TimeoutError) as error:
            reason = str(error) or f"nothing within {self._timeout} s"
            raise OutcomeUnknown(name, 0, f"no answer: {reason}") from error
        finally:
            del self._pending[key]
        if came is None:
            raise OutcomeUnknown(name, 0, "no answer: the socket closed")
        return came

    async def _wait(self, name: str) -> Socket | None:
        """The socket; None when there will be none. Raises AsteriskError: nothing was sent."""
        try:
            async with asyncio.timeout(self._timeout):
                while self._socket is None and not self._ended:
                    await self._attached.wait()
        except TimeoutError as error:
            raise AsteriskError(name, 0, "not sent: the call has no socket now") from error
        return self._socket

    def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """See Transport."""
        raise AsteriskError(f"websocket {path}", 0, "a websocket carries no further websockets")


def _written(key: str, method: str, path: str, query: Mapping[str, str], body: Json | None) -> str:
    message: dict[str, object] = {
        "type": "RESTRequest",
        "transaction_id": key,
        "request_id": key,
        "method": method,
        "uri": path.removeprefix("/"),
        "query_strings": [{"name": name, "value": value} for name, value in query.items()],
    }
    if body is not None:
        message |= {"content_type": "application/json", "message_body": json.dumps(body)}
    return json.dumps(message)
