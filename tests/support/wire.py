"""The wire between us and a PBX, to be cut or stalled: a TCP relay on a port of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

WEBSOCKET = b"GET /ari/events"


class Wire:
    """Relays until it is cut; then resets all that is open and, until mended, all that comes."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.whole = True
        self.port = 0

    def cut(self) -> None:
        self.whole = False
        for writer in self._open:
            writer.transport.abort()

    def stall(self) -> None:
        """Hold all requests back until it is mended; the websocket's messages still flow."""
        self._flowing.clear()

    def mend(self) -> None:
        self.whole = True
        self._flowing.set()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            self._flowing.set()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._far)
        except OSError:  # the PBX is down
            writer.transport.abort()
            return
        for copy in (
            self._copy(reader, far_writer, stallable=True),
            self._copy(far_reader, writer),
        ):
            task = asyncio.create_task(copy)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, stallable: bool = False
    ) -> None:
        self._open.add(sink)
        with suppress(OSError):
            while data := await source.read(65536):
                stallable = stallable and not data.startswith(WEBSOCKET)
                if stallable:
                    await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._open.discard(sink)
