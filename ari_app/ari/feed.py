"""The events of one Stasis application, for ever: connected, proven, reconnected."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from ari_app.ari.generated import events as ari
from ari_app.ari.generated.operations import Operations
from ari_app.ari.messages import UnknownEvent, parse_message
from ari_app.ari.pace import Pace
from ari_app.errors import AsteriskError, MalformedPacket

ECHO = "attendant-echo"
"The user event that we send to ourselves."

log = structlog.get_logger()


class Feed:
    """One websocket at a time, and the proof that it carries events.

    An open websocket is no such proof: when Asterisk notices the end of an older socket of the
    same application only after the new one has opened, it deactivates the application under the
    new socket, which then stays open and silent for ever (seen with 22.10.1). So we send us a user
    event every few seconds; if it does not come back, we connect anew.
    """

    def __init__(
        self,
        operations: Operations,
        app: str,
        pace: Pace,
        receive: Callable[[ari.Message], None],
        survey: Callable[[], Awaitable[None]],
    ) -> None:
        """`receive` is told each event, in order; `survey` runs after each connect, once."""
        self._ari = operations
        self._app = app
        self._pace = pace
        self._receive = receive
        self._survey = survey
        self._log = log.bind(app=app)
        self._echoed = asyncio.Event()
        self._replaced = False
        self.connected = asyncio.Event()
        "Set while events come and `survey` has run."
        self.connects = 0
        self.malformed = 0
        self.unknown = 0

    async def run(self) -> None:
        """Until cancelled."""
        attempt = 0
        while True:
            try:
                await self._attend()
            except AsteriskError as error:
                level = logging.WARNING if attempt == 0 else logging.DEBUG
                self._log.log(level, "line not connected", reason=str(error))
            attempt = 0 if self.connected.is_set() else attempt + 1
            self.connected.clear()
            await asyncio.sleep(
                self._pace.replaced if self._replaced else self._pace.delay(attempt)
            )

    async def _attend(self) -> None:
        """One connection, from its opening to its end."""
        async with self._ari.events.eventWebsocket(app=self._app) as messages:
            self.connects += 1
            self._replaced = False
            tasks = {
                asyncio.create_task(self._read(messages)),
                asyncio.create_task(self._prove()),
            }
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()
        self._log.warning("line lost")

    async def _read(self, messages: AsyncIterator[str]) -> None:
        async for raw in messages:
            try:
                message = parse_message(raw)
            except MalformedPacket as error:
                self.malformed += 1
                self._log.warning("message dropped", reason=str(error))
                continue
            if isinstance(message, ari.ApplicationReplaced):
                self._replaced = True
                self._log.error("application taken by another process: this worker runs twice?")
                return
            self._take(message)

    def _take(self, message: ari.Message) -> None:
        if isinstance(message, ari.ChannelUserevent) and message.eventname == ECHO:
            self._echoed.set()
        elif isinstance(message, UnknownEvent):
            self.unknown += 1
        else:
            self._receive(message)

    async def _prove(self) -> None:
        """Ends when no events come any more."""
        surveyed = False
        while await self._echo():
            if not surveyed:
                await self._survey()
                surveyed = True
                self.connected.set()
                self._log.info("line connected")
            await asyncio.sleep(self._pace.echo)

    async def _echo(self) -> bool:
        """Does an event that we send ourselves come back?"""
        self._echoed.clear()
        try:
            async with asyncio.timeout(self._pace.deaf):
                await self._ari.events.userEvent(eventName=ECHO, application=self._app)
                await self._echoed.wait()
        except (AsteriskError, TimeoutError) as error:
            reason = str(error) or f"nothing within {self._pace.deaf} s"
            self._log.warning("no events come", reason=reason)
            return False
        return True
