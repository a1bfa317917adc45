"""The pooled line: Asterisk dials us, one websocket for each call, events and REST over it.

Asterisk keeps a Stasis application of its own for each call, named after the caller's channel
(`attendant:PJSIP/trunk-00000000`), and redials at once when its socket is lost, whoever listens
by then. A socket is known by its first message:

* `ApplicationRegistered`, and nobody is in the application yet: a new call; StasisStart follows
  half a second later.
* `ApplicationRegistered`, and the caller is in it: a redial. Either we serve him still, and his
  line goes on, or another process has lost him, and he is adoptable.
* `StasisStart`: the caller entered again less than 3 s after he had left. Asterisk (22.10.1) will
  send no more events of this application once the older socket closes, so he is moved to this
  worker's shared line, which offers him as a new call.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine

import structlog
from aiohttp import WSMsgType, web

from ari_app.ari.application import CallApplication
from ari_app.ari.call_ids import CallIds
from ari_app.ari.client import HttpTransport
from ari_app.ari.control import arm_deadman
from ari_app.ari.door import Door
from ari_app.ari.generated import events as ari
from ari_app.ari.line import AriLine
from ari_app.ari.listener import Listener
from ari_app.ari.messages import UnknownEvent, parse_message
from ari_app.ari.settings import PbxSettings, PoolSettings
from ari_app.ari.translate import offer
from ari_app.call.events import Offered
from ari_app.errors import AsteriskError, MalformedPacket, ResourceGone

SILENT = 5.0
"Seconds that a socket may be open before it says which call it is for."
REDIAL = 3.0
"Seconds after which a lost socket will not be replaced: 3 attempts of 0.55 s, and time to spare."
SETTLE = 0.05
"Seconds that a StasisStart may trail what the PBX lists."

log = structlog.get_logger()


class PooledLines:
    """See ports.Lines. Works from `start()`, or the first `async for` over `offers()`, on."""

    def __init__(
        self,
        settings: PbxSettings,
        pool: PoolSettings,
        early: Callable[[str], None] | None = None,
        redial: float = REDIAL,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """early: told the application of each new call, half a second before its offer.
        changed: told when `held` is another."""
        self._settings = settings
        self._afterwards = HttpTransport(
            settings.url, settings.user, settings.password, timeout=settings.timeout
        )
        self._early = early
        self._redial = redial
        self._changed = changed
        self._prefix = f"{settings.app}:"
        self._ids = CallIds()
        self._applications: dict[str, CallApplication] = {}
        self._lines: dict[str, AriLine] = {}
        self._offers: asyncio.Queue[AriLine | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self.door = Door(pool, settings.app)
        "Counts whom it refused."
        self._listener = Listener(pool, self.door, self._serve)
        self.seen: Counter[str] = Counter()
        """What happened: `sockets` opened, `redials` of lines that went on, `adoptable` calls,
        `lost` ones (not redialled to us), `moved` ones, `malformed` and `unknown` messages."""

    @property
    def port(self) -> int:
        """Where we listen."""
        return self._listener.port

    @property
    def calls(self) -> frozenset[str]:
        """The calls that are open here: nothing named after them is an orphan."""
        return frozenset(self._lines)

    @property
    def held(self) -> int:
        """How many calls are open here, or about to be. Sockets outlive theirs by 3.5 s."""
        begun = (application.line is None for application in self._applications.values())
        return len(self._lines) + sum(begun)

    async def offers(self) -> AsyncIterator[AriLine]:
        """See Lines.offers. One consumer. Look at each line's `adoptable` first."""
        self.start()
        while (line := await self._offers.get()) is not None:
            yield line

    def start(self) -> None:
        """Listen (again). Raises AsteriskError when the address cannot be had."""
        self._listener.open()

    def shut(self) -> None:
        """Listen no more: new calls, and redials, go to other workers. Open lines go on."""
        self._listener.shut()

    async def close(self) -> None:
        """See Lines.close. The PBX redials the calls that are still open: to other workers."""
        await self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for line in self._lines.values():
            line.end()
        self._offers.put_nowait(None)
        await self._afterwards.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # One socket.

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        """From its first message to its end."""
        self.seen["sockets"] += 1
        messages = self._messages(socket)
        try:
            async with asyncio.timeout(SILENT):
                first = await anext(messages, None)
        except TimeoutError:
            first = None
        if not isinstance(first, ari.Event) or not first.application.startswith(self._prefix):
            self.door.refuse("says not who it is", "")
            await socket.close()
            return
        application = self._application(first)
        application.attach(socket)
        try:
            self._begin(application, first)
            async for message in messages:
                if isinstance(message, ari.ApplicationMoveFailed):
                    self._spawn(self._give_back(application, message.channel.id))
                else:
                    application.take(message)
        finally:
            self._detach(application, socket)

    async def _messages(self, socket: web.WebSocketResponse) -> AsyncIterator[ari.Message]:
        """What comes over a socket, as far as it is ARI's."""
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                self.seen["malformed"] += 1
                continue
            try:
                message = parse_message(frame.data)
            except MalformedPacket as error:
                self.seen["malformed"] += 1
                log.warning("message dropped", pbx=self._settings.name, reason=str(error))
                continue
            if isinstance(message, UnknownEvent):
                self.seen["unknown"] += 1
            else:
                yield message

    def _application(self, first: ari.Event) -> CallApplication:
        """The one that we hold, unless its caller has left: the same name is a new call then."""
        held = self._applications.get(first.application)
        if isinstance(first, ari.ApplicationRegistered) and held is not None and held.line:
            held = held if held.serving else None
        if held is None:
            held = CallApplication(first.application, self._settings, self._afterwards, self._enter)
            self._applications[held.name] = held
            self._changed()
        return held

    def _begin(self, application: CallApplication, first: ari.Event) -> None:
        if not isinstance(first, ari.ApplicationRegistered):
            if isinstance(first, ari.StasisStart) and not application.serving:
                self._spawn(self._move(application, first))
            else:
                application.take(first)
        elif application.line is not None:
            self.seen["redials"] += 1
            log.warning("call redialled", call=application.line.offer.call)
            self._spawn(application.look())
        else:
            if self._early is not None:
                self._early(application.name)
            self._spawn(self._identify(application))

    def _detach(self, application: CallApplication, socket: web.WebSocketResponse) -> None:
        """When it was the call's only socket, it is redialled at once or never."""
        if not application.detach(socket):
            return
        if application.line is not None and application.serving:
            self._spawn(self._await_redial(application, application.line))
        else:
            self._drop(application)

    async def _await_redial(self, application: CallApplication, line: AriLine) -> None:
        await asyncio.sleep(self._redial)
        if application.attached:
            return
        if not line.left:
            self.seen["lost"] += 1
            log.warning("call lost to another worker or to the dialplan", call=line.offer.call)
            line.caller_missing()
        self._drop(application)

    def _drop(self, application: CallApplication) -> None:
        application.end()
        if self._applications.get(application.name) is application:
            del self._applications[application.name]
            self._changed()

    # Whose call is it?

    def _enter(self, application: CallApplication, start: ari.StasisStart) -> None:
        """A caller entered: his line takes events at once, its offer follows."""
        line = self._line(application, offer(start.channel, start.args, self._ids.new()))
        self._spawn(self._offer(application, line))

    def _line(self, application: CallApplication, offered: Offered) -> AriLine:
        line = AriLine(offered, application.ari, application.name, lambda _: self._forget(line))
        application.line = line
        self._lines[offered.call] = line
        return line

    def _forget(self, line: AriLine) -> None:
        if self._lines.get(line.offer.call) is line:
            del self._lines[line.offer.call]
            self._changed()

    async def _offer(self, application: CallApplication, line: AriLine) -> None:
        """Whoever he was before: from now on he is this call."""
        try:
            line.known_as = await application.known_as(line.caller)
            await application.remember(line.caller, line.offer.call)
        except ResourceGone:
            pass  # he hung up; the line tells
        except AsteriskError as error:
            log.warning("call not adoptable", call=line.offer.call, reason=str(error))
        self._offers.put_nowait(line)

    async def _identify(self, application: CallApplication) -> None:
        """Is somebody in there whom another process has lost?"""
        try:
            callers, leftovers = await application.residents()
            if not callers:
                return
            await asyncio.sleep(SETTLE)
            found = await application.find(callers[0], leftovers, self._ids.new)
        except AsteriskError as error:  # the caller's dead-man switch knows a way out
            log.warning("call not identified", pbx=self._settings.name, reason=str(error))
            return
        if application.line is not None:
            return  # he entered just now, and StasisStart has said so
        offered, adoptable = found
        line = self._line(application, offered)
        if adoptable is None:
            return await self._offer(application, line)
        self.seen["adoptable"] += 1
        line.known_as, line.adoptable = adoptable.call, adoptable
        self._offers.put_nowait(line)

    async def _move(self, application: CallApplication, start: ari.StasisStart) -> None:
        """To the shared line of this worker. What fails there comes back as an event."""
        self.seen["moved"] += 1
        channel = start.channel.id
        try:
            await application.ari.channels.move(
                channelId=channel, app=self._settings.stasis_app, appArgs=",".join(start.args)
            )
        except AsteriskError as error:
            log.warning("caller not moved", pbx=self._settings.name, reason=str(error))
            await self._give_back(application, channel)

    async def _give_back(self, application: CallApplication, channel: str) -> None:
        """The dialplan's fallback knows what to do."""
        context, extension = self._settings.fallback
        try:
            await arm_deadman(application.ari, channel, 0)
            await application.ari.channels.continueInDialplan(
                channelId=channel, context=context, extension=extension, priority=1
            )
        except AsteriskError as error:
            log.warning("caller stays", pbx=self._settings.name, reason=str(error))
