"""Watching one worker, from the moment that it serves until it has stopped."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from ari_app.watch.http import WatchServer
from ari_app.watch.notify import ServiceNotices


class Watch:
    """`async with`: listens, reports ready, gives signs of life. server None: no HTTP.

    Entering raises ConfigError when the port is not to be had.
    """

    def __init__(self, server: WatchServer | None, notices: ServiceNotices) -> None:
        self._server = server
        self._notices = notices
        self._living: asyncio.Task[None] | None = None

    def stopping(self) -> None:
        """No new calls from now on."""
        self._notices.say("STOPPING=1", "STATUS=draining")

    async def __aenter__(self) -> Self:
        if self._server is not None:
            await self._server.start()
        self._notices.say("READY=1", "STATUS=serving")
        self._living = asyncio.create_task(self._notices.live())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._living is not None:
            self._living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._living
        if self._server is not None:
            await self._server.close()
