"""A line's commands as ARI operations, and ARI's answers as outcomes. Nothing is tried twice:
what to do about a refusal or about silence is the call's decision."""

from ari_app.ari.generated.models import Channel
from ari_app.ari.generated.operations import Operations
from ari_app.call.commands import (
    Answer,
    ArmDeadman,
    CloseBridge,
    CloseMedia,
    HandBack,
    HangUp,
    Join,
    LineCommand,
    OpenBridge,
    OpenMedia,
    ReadReception,
    Ring,
)
from ari_app.call.events import Done, Outcome, Refused, Unknown
from ari_app.errors import AsteriskError, OutcomeUnknown, ResourceGone
from ari_app.ports import Address

BRIDGE_TYPE = "mixing,dtmf_events,proxy_media"
DEADMAN = "TIMEOUT(absolute)"
DISSOLVING = "Bridge not in Stasis application"
"What a bridge of ours that was just destroyed answers for a moment, with 409."
REMOTE = ("UNICASTRTP_LOCAL_ADDRESS", "UNICASTRTP_LOCAL_PORT")
"Where Asterisk takes a media's RTP: always concrete, follows the route to us."


class Control:
    """Carries out what one call asks for."""

    def __init__(self, ari: Operations, app: str, remotes: dict[str, Address]) -> None:
        self._ari = ari
        self._app = app
        self._remotes = remotes

    async def run(self, command: LineCommand, caller: str, board: Address | None) -> Outcome:
        """Never raises for what the PBX answers, or when it does not."""
        try:
            return Done(command, await self._perform(command, caller, board))
        except ResourceGone as error:
            if isinstance(command, CloseMedia | CloseBridge | HangUp):
                return Done(command)
            # rtp_statistics says 404 for channels without RTP, too.
            without_rtp = isinstance(command, ReadReception) and "RTP" in error.reason
            return Refused(command, error.reason, gone=not without_rtp)
        except OutcomeUnknown as error:
            return Unknown(command, error.reason)
        except AsteriskError as error:
            if isinstance(command, CloseBridge) and error.reason == DISSOLVING:
                return Done(command)
            return Refused(command, error.reason)

    async def _perform(
        self, command: LineCommand, caller: str, board: Address | None
    ) -> int | None:
        channels, bridges = self._ari.channels, self._ari.bridges
        match command:
            case Ring():
                await channels.ring(channelId=caller)
            case Answer():
                await channels.answer(channelId=caller)
            case ArmDeadman(seconds):
                await arm_deadman(self._ari, caller, seconds)
            case OpenMedia():
                await self._open_media(command, board)
            case CloseMedia(media):
                await channels.hangup(channelId=media)
            case OpenBridge(bridge):
                await bridges.createWithId(bridgeId=bridge, type=BRIDGE_TYPE)
            case Join(bridge, members):
                # A connected-line update would send the caller a re-INVITE.
                await bridges.addChannel(
                    bridgeId=bridge,
                    channel=[member or caller for member in members],
                    inhibitConnectedLineUpdates=True,
                )
            case CloseBridge(bridge):
                await bridges.destroy(bridgeId=bridge)
            case HandBack(context, extension, priority):
                await channels.continueInDialplan(
                    channelId=caller, context=context, extension=extension, priority=priority
                )
            case HangUp():
                await self._hang_up(caller)
            case ReadReception():
                return (await channels.rtpstatistics(channelId=caller)).rxcount
        return None

    async def _hang_up(self, caller: str) -> None:
        """Only while he is in Stasis: the dialplan may have taken him to the mailbox meanwhile."""
        channel = await self._ari.channels.get(channelId=caller)
        if channel.dialplan.app_name == "Stasis":
            await self._ari.channels.hangup(channelId=caller)

    async def _open_media(self, command: OpenMedia, board: Address | None) -> None:
        if board is None:
            raise ValueError("OpenMedia needs the board's address")
        channel = await self._ari.channels.externalMedia(
            channelId=command.media,
            app=self._app,
            external_host=_host(board),
            format=command.codec,
        )
        remote = remote_of(channel)
        if remote is None:
            raise OutcomeUnknown("channels.externalMedia", 200, f"no {REMOTE[0]} in the answer")
        self._remotes[command.media] = remote


async def arm_deadman(ari: Operations, channel: str, seconds: int) -> None:
    """Set the dead-man switch of a channel; 0 takes it away."""
    await ari.channels.setChannelVar(channelId=channel, variable=DEADMAN, value=str(seconds))


def remote_of(media: Channel) -> Address | None:
    """Where Asterisk takes this media's RTP, from the variables in its own answer."""
    address, port = (media.channelvars.get(variable) for variable in REMOTE)
    if not isinstance(address, str) or not isinstance(port, str) or not port.isdecimal():
        return None
    return address, int(port)


def _host(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
