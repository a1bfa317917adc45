"""A pooled call's application: which event is for whom. What asking it tells: test_pooled."""

from typing import Any

import pytest

from ari_app.ari.application import CallApplication
from ari_app.ari.client import HttpTransport
from ari_app.ari.generated import events as ari
from ari_app.ari.line import AriLine
from ari_app.ari.settings import PbxSettings
from ari_app.call.events import CallerHungUp, DigitPressed, LineEvent, MediaJoined, Offered

NAME = "attendant:Test/1"
SETTINGS = PbxSettings(url="http://127.0.0.1:1", user="u", password="p")


def channel(key: str, **fields: Any) -> dict[str, Any]:
    plan = {"app_name": "Stasis", "app_data": "attendant,inbound,700"}
    return {"id": key, "dialplan": plan, "caller": {}, "connected": {}, **fields}


def start(key: str, **fields: Any) -> ari.StasisStart:
    event = {"type": "StasisStart", "args": [], "channel": channel(key), **fields}
    return ari.StasisStart.parse(event)


def digit(key: str) -> ari.ChannelDtmfReceived:
    event = {"type": "ChannelDtmfReceived", "digit": "1", "duration_ms": 100}
    return ari.ChannelDtmfReceived.parse(event | {"channel": channel(key)})


@pytest.fixture
def entered() -> list[str]:
    return []


@pytest.fixture
def application(entered: list[str]) -> CallApplication:
    unused = HttpTransport("http://127.0.0.1:1", "u", "p")
    return CallApplication(
        NAME, SETTINGS, unused, lambda _, event: entered.append(event.channel.id)
    )


def serve(application: CallApplication) -> AriLine:
    offer = Offered("0abc", "1.1", "4711", "700")
    application.line = AriLine(offer, application.ari, NAME, lambda call: None)
    return application.line


async def told(line: AriLine) -> list[LineEvent]:
    line.end()
    return [event async for event in line.events()]


def test_a_caller_without_a_line_has_entered(
    application: CallApplication, entered: list[str]
) -> None:
    application.take(start("attendant.1.0old.m1"))
    application.take(digit("1.1"))
    application.take(start("1.1"))
    assert entered == ["1.1"]


async def test_events_go_to_the_line_that_they_are_about(
    application: CallApplication, entered: list[str]
) -> None:
    line = serve(application)
    line._medias["attendant.2.0abc.m7"] = "open"
    for event in (
        start("1.1"),
        start("attendant.2.0abc.m7"),
        start("attendant.2.0xyz.m1"),
        digit("1.1"),
        digit("1.2"),
        digit("attendant.2.0abc.m7"),
    ):
        application.take(event)
    assert entered == []
    assert await told(line) == [MediaJoined("attendant.2.0abc.m7"), DigitPressed("1", 0.1)]


async def test_a_channel_that_replaces_the_caller_is_the_caller(
    application: CallApplication, entered: list[str]
) -> None:
    line = serve(application)
    application.take(start("1.9", replace_channel=channel("1.1")))
    application.take(digit("1.1"))
    hung_up = {"type": "ChannelHangupRequest", "channel": channel("1.9")}
    application.take(ari.ChannelHangupRequest.parse(hung_up))
    assert (line.caller, entered) == ("1.9", [])
    assert await told(line) == [CallerHungUp()]
