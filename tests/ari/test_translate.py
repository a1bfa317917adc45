"""ARI's events as a call's events: by real samples."""

import json
from pathlib import Path

import pytest

from ari_app.ari.generated.events import Message, StasisStart
from ari_app.ari.messages import parse_message
from ari_app.ari.translate import channel_of, of_caller, of_media, offer
from ari_app.call.events import (
    CallerHeld,
    CallerHungUp,
    CallerLeft,
    CallerResumed,
    DigitPressed,
    MediaEnded,
    MediaJoined,
    Offered,
)

SAMPLES = json.loads((Path(__file__).parent / "event_samples.json").read_text())


def sample(name: str, **changed: object) -> Message:
    return parse_message(json.dumps({**SAMPLES[name], **changed}))


def test_an_offer() -> None:
    start = sample("StasisStart/PJSIP")
    assert isinstance(start, StasisStart)
    assert offer(start.channel, start.args, "c1") == Offered(
        "c1", "1795231515.12", "15551234567", "100", ("inbound", "100")
    )


@pytest.mark.parametrize(
    ("arguments", "called"),
    [(["inbound", "31337"], "31337"), (["inbound", ""], "100"), (["x", "1"], "100"), ([], "100")],
)
def test_the_number_dialled(arguments: list[str], called: str) -> None:
    start = sample("StasisStart/PJSIP", args=arguments)
    assert isinstance(start, StasisStart)
    assert offer(start.channel, start.args, "c1").called == called


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("ChannelDtmfReceived", DigitPressed("7", 0.16)),
        ("ChannelHold", CallerHeld()),
        ("ChannelUnhold", CallerResumed()),
        ("ChannelHangupRequest/PJSIP", CallerHungUp(0)),
        ("ChannelHangupRequest/PJSIP/17", CallerHungUp(17)),
        ("StasisEnd/PJSIP", CallerLeft()),
        ("ChannelDestroyed/PJSIP/16", CallerLeft()),
        ("StasisStart/PJSIP", None),
        ("ChannelVarset/RTPAUDIOQOS", None),
    ],
)
def test_the_callers_channel(name: str, meaning: object) -> None:
    event = sample(name)
    assert channel_of(event) is not None
    assert of_caller(event) == meaning


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("StasisStart/UnicastRTP", MediaJoined("m")),
        ("StasisEnd/UnicastRTP", MediaEnded("m")),
        ("ChannelDestroyed/UnicastRTP/16", MediaEnded("m")),
        ("ChannelHangupRequest/UnicastRTP/32", None),
    ],
)
def test_a_media_channel(name: str, meaning: object) -> None:
    assert of_media(sample(name), "m") == meaning


def test_events_of_no_channel_are_nobodys() -> None:
    assert channel_of(sample("BridgeCreated")) is None
    assert channel_of(sample("DeviceStateChanged")) is None
