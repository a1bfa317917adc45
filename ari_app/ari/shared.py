"""The shared line: one websocket to an Asterisk, all its calls, told apart by channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Coroutine
from contextlib import asynccontextmanager

import structlog

from ari_app.ari.call_ids import CallIds
from ari_app.ari.client import HttpTransport
from ari_app.ari.control import arm_deadman
from ari_app.ari.feed import Feed
from ari_app.ari.generated import events as ari
from ari_app.ari.generated.operations import Operations
from ari_app.ari.line import AriLine
from ari_app.ari.pace import Pace
from ari_app.ari.settings import PbxSettings
from ari_app.ari.survey import Findings, Held, Lists, compare
from ari_app.ari.translate import channel_of, offer
from ari_app.call.ids import Name, parse
from ari_app.errors import AsteriskError, ResourceGone
from ari_app.ports import Adoptable

log = structlog.get_logger()


class SharedLines:
    """See ports.Lines. Works from the first `async for` over `offers()` on, until `close()`."""

    def __init__(
        self,
        settings: PbxSettings,
        pace: Pace | None = None,
        alive: Callable[[], Awaitable[Container[str]]] | None = None,
        whose: Callable[[str], Awaitable[str | None]] | None = None,
    ) -> None:
        """alive: calls of ours that live elsewhere, on pooled lines or in other workers: what is
        named after them is not reaped. It is asked after the lists were read. whose: the call
        that a caller's channel belongs to, if somebody wrote it down: such a caller, found in our
        application after a restart, is offered as adoptable instead of going to the fallback."""
        self._settings = settings
        self._alive, self._whose = alive, whose
        self._pace = pace or Pace()
        self._transport = HttpTransport(
            settings.url, settings.user, settings.password, timeout=settings.timeout
        )
        self.ari = Operations(self._transport)
        "Everything else that this Asterisk can be asked."
        self.feed = Feed(self.ari, settings.stasis_app, self._pace, self._receive, self._survey)
        "The websocket and what it counts."
        self.connected = self.feed.connected
        "Set while events come and the lists were compared."
        self.reaped = 0
        self.returned = 0
        "Callers whom nobody served and who were handed to the fallback."
        self._ids = CallIds()
        self._calls: dict[str, AriLine] = {}
        self._callers: dict[str, AriLine] = {}
        "By the caller's channel, until it has left."
        self._offers: asyncio.Queue[AriLine | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: asyncio.Task[None] | None = None

    async def offers(self) -> AsyncIterator[AriLine]:
        """See Lines.offers. One consumer."""
        self.start()
        while (line := await self._offers.get()) is not None:
            yield line
        if self._serving is not None and self._serving.done() and not self._serving.cancelled():
            self._serving.result()  # it never ends by itself: a bug, and here it surfaces

    def start(self) -> None:
        """Connect now rather than with the first `offers()`."""
        if self._serving is None:
            self._serving = asyncio.create_task(self.feed.run())
            self._serving.add_done_callback(lambda _: self._offers.put_nowait(None))

    async def close(self) -> None:
        """See Lines.close. Lines that are still open end; their channels stay as they are."""
        tasks = [*self._tasks, *([self._serving] if self._serving else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._calls.values():
            line.end()
        await self._transport.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Events.

    def _receive(self, event: ari.Message) -> None:
        if (channel := channel_of(event)) is not None:
            self._route(channel.id, event)

    def _route(self, channel: str, event: ari.Message) -> None:
        """Ours by name goes to the call in it, the caller's by its channel; an unknown channel
        that enters our application is a new call."""
        name = parse(channel)
        if name is not None and name.owner == self._settings.owner:
            self._route_ours(channel, name, event)
        elif (line := self._callers.get(channel)) is not None:
            line.caller_event(event)
            if line.left:
                del self._callers[channel]
        elif isinstance(event, ari.StasisStart):
            self._entered(event)

    def _route_ours(self, channel: str, name: Name, event: ari.Message) -> None:
        line = self._calls.get(name.call)
        if line is None and isinstance(event, ari.StasisStart):
            self._spawn(self._reap_channel(channel))
        elif line is not None and name.role == "m":
            line.media_event(event, channel)

    def _entered(self, start: ari.StasisStart) -> None:
        replaced = start.replace_channel
        line = self._callers.pop(replaced.id, None) if replaced is not None else None
        if line is None:
            line = self._new_line(start)
        line.caller = start.channel.id
        self._callers[line.caller] = line

    def _new_line(self, start: ari.StasisStart) -> AriLine:
        offered = offer(start.channel, start.args, self._ids.new())
        line = AriLine(offered, self.ari, self._settings.stasis_app, self._forget)
        self._calls[offered.call] = line
        self._offers.put_nowait(line)
        return line

    def _forget(self, call: str) -> None:
        line = self._calls.pop(call, None)
        if line is not None and self._callers.get(line.caller) is line:
            del self._callers[line.caller]

    # The lists.

    async def _survey(self) -> None:
        """Compare what we hold with what there is, then repair what only the lists could tell."""
        before, lists = await self._read_lists()
        calls = (self._calls, await self._alive() if self._alive else ())
        findings = compare(lists, before, calls, self._settings.owner, self._settings.stasis_app)
        self._tell(findings)
        self._spawn(self._clear_up(findings))

    async def _read_lists(self) -> tuple[dict[str, Held], Lists]:
        """What our calls had just before, and the lists, however often it takes."""
        attempt = 0
        while True:
            before = {
                call: Held(line.caller, line.medias)
                for call, line in self._calls.items()
                if not line.left
            }
            try:
                return before, Lists(await self.ari.channels.list(), await self.ari.bridges.list())
            except AsteriskError as error:
                log.warning("lists not read", pbx=self._settings.name, reason=str(error))
            await asyncio.sleep(self._pace.delay(attempt))
            attempt += 1

    def _tell(self, findings: Findings) -> None:
        for call, media in findings.medias_joined:
            if (line := self._calls.get(call)) is not None:
                line.media_present(media)
        for call, media in findings.medias_gone:
            if (line := self._calls.get(call)) is not None:
                line.media_missing(media)
        for call in findings.callers_gone:
            if (line := self._calls.get(call)) is not None:
                line.caller_missing()
                self._callers.pop(line.caller, None)

    async def _clear_up(self, findings: Findings) -> None:
        for channel in findings.orphan_channels:
            await self._reap_channel(channel)
        for bridge in findings.orphan_bridges:
            await self._reap_bridge(bridge)
        # Whoever entered while the lists were read is announced by an event that may trail them.
        await asyncio.sleep(self._pace.settle)
        for channel in findings.strangers:
            if channel not in self._callers and not await self._offer_lost(channel):
                await self._give_back(channel)

    async def _offer_lost(self, channel: str) -> bool:
        """Somebody wrote down which call this caller is: offer him for adoption."""
        call = await self._whose(channel) if self._whose else None
        if call is None:
            return False
        try:
            found = await self.ari.channels.get(channelId=channel)
        except AsteriskError as error:
            log.warning("caller not offered", pbx=self._settings.name, reason=str(error))
            return False
        app = self._settings.stasis_app
        line = AriLine(offer(found, (), call), self.ari, app, self._forget)
        line.adoptable = Adoptable(call, channel, app)
        self._calls[call] = self._callers[channel] = line
        self._offers.put_nowait(line)
        return True

    async def _reap_channel(self, channel: str) -> None:
        async with self._tolerant("orphan channel stays"):
            await self.ari.channels.hangup(channelId=channel)
            self.reaped += 1

    async def _reap_bridge(self, bridge: str) -> None:
        async with self._tolerant("orphan bridge stays"):
            await self.ari.bridges.destroy(bridgeId=bridge)
            self.reaped += 1

    async def _give_back(self, channel: str) -> None:
        """A caller whom an earlier life of this worker served: the dialplan's fallback knows."""
        context, extension = self._settings.fallback
        async with self._tolerant("stranger stays"):
            await arm_deadman(self.ari, channel, 0)
            await self.ari.channels.continueInDialplan(
                channelId=channel, context=context, extension=extension, priority=1
            )
            self.returned += 1

    @asynccontextmanager
    async def _tolerant(self, consequence: str) -> AsyncIterator[None]:
        """Clearing up is done again after the next connect: what fails is only reported."""
        try:
            yield
        except ResourceGone:
            pass
        except AsteriskError as error:
            log.warning(consequence, pbx=self._settings.name, reason=str(error))
