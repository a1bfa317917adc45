"""One call's own Stasis application on a pooled line: whose events they are, who is in it."""

import re
from collections.abc import Callable

import structlog

from ari_app.ari.generated import events as ari
from ari_app.ari.generated.operations import Operations
from ari_app.ari.line import AriLine
from ari_app.ari.settings import PbxSettings
from ari_app.ari.socket_transport import Socket, SocketTransport
from ari_app.ari.translate import channel_of, offer, stasis_of
from ari_app.ari.transport import Transport
from ari_app.call.events import Offered
from ari_app.call.ids import parse
from ari_app.errors import AsteriskError, ResourceGone
from ari_app.ports import Adoptable

IDENTITY = "ATTENDANT_CALL"
"The channel variable in which a call's identity outlives the process that gave it."

log = structlog.get_logger()


class CallApplication:
    """The application that Asterisk keeps for one channel, over one socket after the other."""

    def __init__(
        self,
        name: str,
        settings: PbxSettings,
        afterwards: Transport,
        entered: Callable[["CallApplication", ari.StasisStart], None],
    ) -> None:
        """afterwards: carries requests when no socket will come any more; entered: told of a
        caller who has no line yet."""
        self.name = name
        self._transport = SocketTransport(afterwards, settings.timeout)
        self._entered = entered
        self.ari = Operations(self._transport)
        "Over the call's own socket."
        self.line: AriLine | None = None

    @property
    def serving(self) -> bool:
        """Is there a caller, and in it?"""
        return self.line is not None and not self.line.left

    @property
    def attached(self) -> bool:
        """Is there a socket?"""
        return self._transport.socket is not None

    def attach(self, socket: Socket) -> None:
        self._transport.attach(socket)

    def detach(self, socket: Socket) -> bool:
        """This socket has closed; was it the only one?"""
        self._transport.detach(socket)
        return not self.attached

    def end(self) -> None:
        """No socket will come any more."""
        self._transport.end()

    def take(self, message: ari.Message) -> None:
        """One message of the socket."""
        if isinstance(message, ari.RESTResponse):
            self._transport.take(message)
        elif (channel := channel_of(message)) is not None:
            self._route(channel.id, message)

    def _route(self, channel: str, event: ari.Message) -> None:
        line = self.line if self.serving else None
        if parse(channel) is not None:
            if line is not None:
                line.media_event(event, channel)
        elif line is not None and channel == line.caller:
            line.caller_event(event)
        elif isinstance(event, ari.StasisStart):
            replaced = event.replace_channel
            if line is not None and replaced is not None and replaced.id == line.caller:
                line.caller = channel
            elif line is None:
                self._entered(self, event)

    # What only asking can tell.

    async def known_as(self, caller: str) -> str | None:
        """The call that this channel was in last. Raises AsteriskError."""
        try:
            found = await self.ari.channels.getChannelVar(channelId=caller, variable=IDENTITY)
        except ResourceGone:  # the channel, or the variable
            return None
        return found.value if re.fullmatch(r"[a-z0-9]+", found.value) else None

    async def remember(self, caller: str, call: str) -> None:
        """From now on whoever finds this channel can tell the call. Raises AsteriskError."""
        await self.ari.channels.setChannelVar(channelId=caller, variable=IDENTITY, value=call)

    async def residents(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Callers who are in the application, and what of ours is. Raises AsteriskError."""
        try:
            found = await self.ari.applications.get(applicationName=self.name)
        except ResourceGone:
            return (), ()
        ours = [key for key in (*found.channel_ids, *found.bridge_ids) if parse(key) is not None]
        return tuple(key for key in found.channel_ids if parse(key) is None), tuple(ours)

    async def find(
        self, caller: str, leftovers: tuple[str, ...], new_id: Callable[[], str]
    ) -> tuple[Offered, Adoptable | None]:
        """A caller who is in the application already. One without identity was never served: he
        is as good as new. Raises AsteriskError."""
        channel = await self.ari.channels.get(channelId=caller)
        call = await self.known_as(caller)
        inside = stasis_of(channel)
        offered = offer(channel, inside[1] if inside else (), call or new_id())
        if call is None:
            return offered, None
        return offered, Adoptable(call, caller, self.name, leftovers)

    async def look(self) -> None:
        """Tell the line what happened while there was no socket."""
        line = self.line
        if line is None:
            return
        try:
            for media in sorted(line.medias):
                await self._look_at_media(line, media)
            if not await self._inside(line.caller):
                line.caller_missing()
        except AsteriskError as error:  # the caller's dead-man switch knows a way out
            log.warning("call not looked at", call=line.offer.call, reason=str(error))

    async def _look_at_media(self, line: AriLine, media: str) -> None:
        inside = await self._inside(media)
        if inside is None:
            line.media_missing(media)
        elif inside:
            line.media_present(media)

    async def _inside(self, channel: str) -> bool | None:
        """Is it in Stasis? None: it is gone."""
        try:
            found = await self.ari.channels.get(channelId=channel)
        except ResourceGone:
            return None
        return stasis_of(found) is not None
