"""A listening port that only the PBX gets past: websockets for the `ari` subprotocol."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine

import structlog
from aiohttp import hdrs, web

from ari_app.ari.door import Door
from ari_app.ari.settings import PoolSettings
from ari_app.errors import AsteriskError

HANDSHAKE = 2.0
"Seconds that a visitor may take to say who he is."
HALF_OPEN = 64
"How many visitors may be saying so at once; beyond that the one who came first has to go."
SENTENCE = 1.0
"Seconds that an answer to wrong credentials takes: nobody tries many of them."
HEARTBEAT = 5.0
"Seconds between two pings; a PBX that does not answer within half of it is gone."
BACKLOG = 512

log = structlog.get_logger()

Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


class Listener:
    """Lets the PBX in and hands its websockets over. `open` and `shut` as often as one likes."""

    def __init__(self, pool: PoolSettings, door: Door, serve: Serve) -> None:
        """serve: runs for as long as its websocket is open, and longer if it likes."""
        self._pool = pool
        self._door = door
        self._serve = serve
        self._server = web.Server(self._greet, access_log=None, lingering_time=0.0)
        self._half_open: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None
        self.port = pool.port
        "The port that it is, once open."

    def open(self) -> None:
        """Listen. Raises AsteriskError when the address cannot be had."""
        if self._socket is not None:
            return
        family = socket.AF_INET6 if ":" in self._pool.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._pool.reuse_port:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listening.bind((self._pool.host, self.port))
            listening.listen(BACKLOG)
        except OSError as error:
            listening.close()
            where = f"listen on {self._pool.host}:{self.port}"
            raise AsteriskError(where, 0, error.strerror or str(error)) from error
        self._socket = listening
        self.port = listening.getsockname()[1]
        self._accepting = self._spawn(self._accept(listening))

    def shut(self) -> None:
        """Listen no more; what is open stays open."""
        if self._socket is not None and self._accepting is not None:
            self._accepting.cancel()
            self._socket.close()
            self._socket = None

    async def close(self) -> None:
        """Shut, and end every connection."""
        self.shut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.shutdown(0.1)

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                visitor, address = await loop.sock_accept(listening)
            except OSError as error:  # no file descriptor left, or he has gone again
                log.warning("no visitor let in", reason=str(error))
                await asyncio.sleep(0.1)
                continue
            if self._door.knows(address[0]):
                self._spawn(self._let_in(visitor))
            else:
                visitor.close()
                await asyncio.sleep(0)  # accept returns at once while they queue up

    async def _let_in(self, visitor: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        timeout = HANDSHAKE if self._pool.tls else None
        with contextlib.suppress(OSError):  # his TLS is none: the socket is closed by now
            transport, _ = await loop.connect_accepted_socket(
                self._server, visitor, ssl=self._pool.tls, ssl_handshake_timeout=timeout
            )
            while len(self._half_open) >= HALF_OPEN:
                self._turn_out(next(iter(self._half_open)), "too many at once")
            self._half_open[transport] = loop.call_later(
                HANDSHAKE, self._turn_out, transport, "too slow"
            )

    def _turn_out(self, transport: asyncio.BaseTransport, reason: str) -> None:
        self._half_open.pop(transport).cancel()
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            self._door.refuse(reason, str(transport.get_extra_info("peername", ("",))[0]))
            transport.abort()

    async def _greet(self, request: web.BaseRequest) -> web.StreamResponse:
        """One HTTP request. The PBX's ends when its websocket does."""
        transport = request.transport
        if not self._door.opens(
            request.headers.getall(hdrs.AUTHORIZATION, []), str(request.remote)
        ):
            await asyncio.sleep(SENTENCE)
            return _refusal(401)
        upgraded = web.WebSocketResponse(
            protocols=("ari",), heartbeat=HEARTBEAT, compress=False, max_msg_size=self._pool.largest
        )
        if upgraded.can_prepare(request).protocol != "ari":
            self._door.refuse("no ARI websocket", str(request.remote))
            return _refusal(400)
        await upgraded.prepare(request)
        if transport is not None and (patience := self._half_open.pop(transport, None)):
            patience.cancel()
        await self._serve(upgraded)
        return upgraded


def _refusal(status: int) -> web.Response:
    answer = web.Response(status=status)
    answer.force_close()
    return answer
