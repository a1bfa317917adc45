"""A trial call on a PBX: a media of ours and an echo in its dialplan, in an application of our own,
so that a worker that serves calls is not disturbed. Everything it makes is deleted."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

from ari_app.ari.control import BRIDGE_TYPE, arm_deadman, remote_of
from ari_app.ari.generated import events as ari_events
from ari_app.ari.generated.operations import Operations
from ari_app.ari.messages import parse_message
from ari_app.call.ids import Owner
from ari_app.config import DialplanPlace
from ari_app.errors import AsteriskError, MalformedPacket, OutcomeUnknown
from ari_app.ports import Address

ECHO = "Local/echo@attendant-check"
LONGEST = 60
"Seconds after which the PBX itself ends what a killed check has left."
PATIENCE = 3.0
"Seconds that an event may take."
CLEARING = 3.0
"Seconds that all we made may take to be gone."

Kind = type[ari_events.StasisStart] | type[ari_events.ChannelTalkingStarted]


class Witness:
    """What our application was told, and by which channel."""

    def __init__(self) -> None:
        self._seen: set[tuple[type[ari_events.Message], str]] = set()
        self._changed = asyncio.Event()

    async def read(self, messages: AsyncIterator[str]) -> None:
        async for text in messages:
            try:
                message = parse_message(text)
            except MalformedPacket:
                continue
            if isinstance(message, ari_events.StasisStart | ari_events.ChannelTalkingStarted):
                self._seen.add((type(message), message.channel.id))
                self._changed.set()

    def saw(self, kind: Kind, channel: str) -> bool:
        return (kind, channel) in self._seen

    async def sees(self, kind: Kind, channel: str) -> bool:
        """Wait for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not self.saw(kind, channel):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True


class Trial:
    """Channels and a bridge in our own application. Methods raise AsteriskError."""

    def __init__(self, ari: Operations, app: str, witness: Witness) -> None:
        self._ari, self._app, self._witness = ari, app, witness
        owner = Owner(app, 1)
        self.media = owner.name("trial", "m", 1)
        self._bridge = owner.name("trial", "b", 1)
        self.left: tuple[str, ...] = ()
        "What could not be deleted."
        self._echo, self._far = owner.name("trial", "l", 1), owner.name("trial", "l", 2)

    async def open_media(self, board: Address, codec: str) -> Address:
        """Let the PBX send to the board; where it takes what the board sends."""
        channel = await self._ari.channels.externalMedia(
            channelId=self.media,
            app=self._app,
            external_host=f"{board[0]}:{board[1]}",
            format=codec,
        )
        remote = remote_of(channel)
        if remote is None or not await self._entered(self.media):
            raise OutcomeUnknown("channels.externalMedia", 200, "the media channel did not come")
        await arm_deadman(self._ari, self.media, LONGEST)
        return remote

    async def has(self, place: DialplanPlace) -> bool:
        """Is it in the dialplan? ARI has no such question, but a channel can be asked."""
        answer = await self._ari.channels.getChannelVar(
            channelId=self.media,
            variable=f"DIALPLAN_EXISTS({place.context},{place.extension},{place.priority})",
        )
        return answer.value not in ("", "0")

    async def join_echo(self, codec: str) -> bool:
        """Call the echo and join it with the media; False when it does not answer."""
        await self._ari.channels.originateWithId(
            channelId=self._echo,
            otherChannelId=self._far,
            endpoint=ECHO,
            app=self._app,
            formats=codec,  # else a Local channel carries slin at 192 kHz
        )
        if not await self._entered(self._echo):
            return False
        await arm_deadman(self._ari, self._echo, LONGEST)
        await self._ari.bridges.createWithId(bridgeId=self._bridge, type=BRIDGE_TYPE)
        await self._ari.bridges.addChannel(bridgeId=self._bridge, channel=[self._echo, self.media])
        return True

    async def detect_sound(self) -> None:
        """Let the PBX tell when it hears something from us (TALK_DETECT)."""
        await self._ari.channels.setChannelVar(
            channelId=self.media, variable="TALK_DETECT(set)", value="500,256"
        )

    def heard_us(self) -> bool:
        return self._witness.saw(ari_events.ChannelTalkingStarted, self.media)

    @contextlib.asynccontextmanager
    async def sounding(self) -> AsyncIterator[None]:
        """Let the PBX itself send something, whatever it hears; it may not know how to."""
        tone = f"{self._bridge}.tone"
        with contextlib.suppress(AsteriskError):
            await self._ari.bridges.playWithId(
                bridgeId=self._bridge, playbackId=tone, media="tone:dial"
            )
        yield
        with contextlib.suppress(AsteriskError):
            await self._ari.playbacks.stop(playbackId=tone)

    async def clear_up(self) -> None:
        """Delete everything, and look that it is gone."""
        deadline = asyncio.get_running_loop().time() + CLEARING
        self.left = (self._echo, self._far, self.media, self._bridge)
        while self.left and asyncio.get_running_loop().time() < deadline:
            for one in self.left:
                with contextlib.suppress(AsteriskError):
                    await self._delete(one)
            with contextlib.suppress(AsteriskError):
                there = {channel.id for channel in await self._ari.channels.list()}
                there |= {bridge.id for bridge in await self._ari.bridges.list()}
                self.left = tuple(one for one in self.left if one in there)
            await asyncio.sleep(0.05)

    async def _delete(self, one: str) -> None:
        if one == self._bridge:
            await self._ari.bridges.destroy(bridgeId=one)
        else:
            await self._ari.channels.hangup(channelId=one)

    async def _entered(self, channel: str) -> bool:
        return await self._witness.sees(ari_events.StasisStart, channel)


@contextlib.asynccontextmanager
async def trial(ari: Operations) -> AsyncIterator[Trial]:
    """A trial, cleared up afterwards. Raises AsteriskError when it cannot be opened."""
    app = f"attendant-check-{secrets.token_hex(4)}"
    async with ari.events.eventWebsocket(app=app) as messages:
        witness = Witness()
        reading = asyncio.create_task(witness.read(messages))
        made = Trial(ari, app, witness)
        try:
            yield made
        finally:
            await asyncio.shield(made.clear_up())
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
