"""One line: each media joins and ends once, the caller leaves last."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from ari_app.ari.fields import Json
from ari_app.ari.generated.events import Message
from ari_app.ari.generated.operations import Operations
from ari_app.ari.line import AriLine
from ari_app.ari.messages import parse_message
from ari_app.call.commands import HangUp, OpenMedia
from ari_app.call.events import (
    CallerHungUp,
    CallerLeft,
    LineEvent,
    MediaEnded,
    MediaJoined,
    Offered,
)
from ari_app.errors import AsteriskError, OutcomeUnknown

BOARD = ("127.0.0.1", 24000)
MEDIA = "attendant.1.c.m1"
CHANNEL = {"id": "1.1", "dialplan": {}, "caller": {}, "connected": {}}
OPENED = {**CHANNEL, "channelvars": {"UNICASTRTP_LOCAL_ADDRESS": "10.0.0.1",
                                     "UNICASTRTP_LOCAL_PORT": "4000"}}  # fmt: skip


class Scripted:
    """A transport that does something, then answers."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] | AsteriskError = (200, OPENED)
        self.before: Any = lambda: None

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        self.before()
        if isinstance(self.answer, AsteriskError):
            raise self.answer
        return self.answer[0], json.dumps(self.answer[1]).encode()

    def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        raise NotImplementedError


@pytest.fixture
def pbx() -> Scripted:
    return Scripted()


@pytest.fixture
def line(pbx: Scripted) -> AriLine:
    offer = Offered("c", "1.1", "4711", "700")
    return AriLine(offer, Operations(pbx), "attendant-1", lambda call: None)


def happened(kind: str) -> Message:
    return parse_message(json.dumps({"type": kind, "channel": CHANNEL}))


async def told(line: AriLine) -> list[LineEvent]:
    """All events until now."""
    line.end()
    return [event async for event in line.events()]


async def test_a_media_joins_once_and_ends_once(line: AriLine) -> None:
    await line.run(OpenMedia(MEDIA, "ulaw"), board=BOARD)
    line.media_event(happened("StasisStart"), MEDIA)
    line.media_present(MEDIA)
    line.media_event(happened("StasisEnd"), MEDIA)
    line.media_event(happened("ChannelDestroyed"), MEDIA)
    line.media_missing(MEDIA)
    assert await told(line) == [MediaJoined(MEDIA), MediaEnded(MEDIA)]
    assert line.remote(MEDIA) == ("10.0.0.1", 4000)


async def test_a_media_may_join_and_end_before_the_answer_comes(
    line: AriLine, pbx: Scripted
) -> None:
    def both() -> None:
        line.media_event(happened("StasisStart"), MEDIA)
        line.media_event(happened("StasisEnd"), MEDIA)

    pbx.before = both
    await line.run(OpenMedia(MEDIA, "ulaw"), board=BOARD)
    assert await told(line) == [MediaJoined(MEDIA), MediaEnded(MEDIA)]
    assert line.medias == frozenset()


@pytest.mark.parametrize("answer", [OutcomeUnknown("x", 0, "silence"), (200, CHANNEL)])
async def test_a_media_of_unknown_outcome_may_still_join_but_is_not_missed(
    line: AriLine, pbx: Scripted, answer: Any
) -> None:
    pbx.answer = answer
    await line.run(OpenMedia(MEDIA, "ulaw"), board=BOARD)
    assert line.medias == frozenset()
    line.media_event(happened("StasisStart"), MEDIA)
    assert line.medias == {MEDIA}
    assert await told(line) == [MediaJoined(MEDIA)]


async def test_a_refused_media_never_was_but_an_older_one_of_its_name_is(
    line: AriLine, pbx: Scripted
) -> None:
    pbx.answer = (500, {"message": "An internal error"})
    await line.run(OpenMedia(MEDIA, "bogus"), board=BOARD)
    line.media_missing(MEDIA)
    pbx.answer = (200, OPENED)
    await line.run(OpenMedia(MEDIA, "ulaw"), board=BOARD)
    pbx.answer = (500, {"message": "An internal error"})
    await line.run(OpenMedia(MEDIA, "ulaw"), board=BOARD)
    assert line.medias == {MEDIA}
    assert await told(line) == []


async def test_the_caller_leaves_once_and_last(line: AriLine) -> None:
    line.caller_event(happened("ChannelHangupRequest"))
    line.caller_event(happened("StasisEnd"))
    line.caller_missing()
    line.caller_event(happened("ChannelHold"))
    async with asyncio.timeout(1.0):
        events = [event async for event in line.events()]
    assert events == [CallerHungUp(), CallerLeft()]
    assert line.left


async def test_commands_go_to_the_caller_of_now(line: AriLine, pbx: Scripted) -> None:
    paths: list[str] = []

    async def request(method: str, path: str, *_: object) -> tuple[int, bytes]:
        paths.append(path)
        return 204, b""

    pbx.request = request  # type: ignore[method-assign, assignment]
    line.caller = "1.2"
    await line.run(HangUp())
    assert paths == ["/channels/1.2"]
    assert line.offer.channel == "1.1"
