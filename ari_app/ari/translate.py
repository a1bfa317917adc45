"""The one place where ARI's events become the call's events."""

from ari_app.ari.generated import events as ari
from ari_app.ari.generated.models import Channel
from ari_app.call.events import (
    CallerHeld,
    CallerHungUp,
    CallerLeft,
    CallerResumed,
    DigitPressed,
    LineEvent,
    MediaEnded,
    MediaJoined,
    Offered,
)


def channel_of(event: ari.Message) -> Channel | None:
    """The channel that an event is about, for the kinds that we route."""
    match event:
        case (
            ari.StasisStart()
            | ari.StasisEnd()
            | ari.ChannelDestroyed()
            | ari.ChannelHangupRequest()
            | ari.ChannelDtmfReceived()
            | ari.ChannelHold()
            | ari.ChannelUnhold()
            | ari.ChannelVarset()
        ):
            return event.channel
        case _:
            return None


def offer(channel: Channel, arguments: tuple[str, ...], call: str) -> Offered:
    """A caller who entered Stasis with these arguments. Our dialplan says `inbound,<number
    dialled>`, since its own extension is `s` by then; any other dialplan is taken at its
    extension."""
    named = arguments[1] if len(arguments) > 1 and arguments[0] == "inbound" else ""
    return Offered(
        call=call,
        channel=channel.id,
        caller=channel.caller.number,
        called=named or channel.dialplan.exten,
        arguments=arguments,
    )


def stasis_of(channel: Channel) -> tuple[str, tuple[str, ...]] | None:
    """The Stasis application that a channel is in, as the dialplan names it, and what it was
    entered with; None outside of Stasis."""
    plan = channel.dialplan
    if plan.app_name != "Stasis":
        return None
    application, *arguments = plan.app_data.split(",")
    return application, tuple(arguments)


def of_caller(event: ari.Message) -> LineEvent | None:
    """What an event about the caller's channel means to the call."""
    match event:
        case ari.ChannelHangupRequest():
            return CallerHungUp(event.cause or 0)
        case ari.StasisEnd() | ari.ChannelDestroyed():
            return CallerLeft()
        case ari.ChannelDtmfReceived():
            return DigitPressed(event.digit, event.duration_ms / 1000)
        case ari.ChannelHold():
            return CallerHeld()
        case ari.ChannelUnhold():
            return CallerResumed()
        case _:
            return None


def of_media(event: ari.Message, media: str) -> LineEvent | None:
    """What an event about a media channel means to its call."""
    match event:
        case ari.StasisStart():
            return MediaJoined(media)
        case ari.StasisEnd() | ari.ChannelDestroyed():
            return MediaEnded(media)
        case _:
            return None
