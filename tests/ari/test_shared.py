"""The shared line against a server that speaks ARI: offers, order, loss and return."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ari_app.ari.pace import Pace
from ari_app.ari.settings import PbxSettings
from ari_app.ari.shared import SharedLines
from ari_app.call.commands import CloseMedia, OpenMedia
from ari_app.call.events import (
    CallerHeld,
    CallerHungUp,
    CallerLeft,
    CallerResumed,
    DigitPressed,
    LineEvent,
    MediaEnded,
    MediaJoined,
)
from ari_app.ports import Line, Lines
from tests.support.ari_server import AriServer

QUICK = Pace(first=0.02, most=0.05, settle=0.05, echo=0.1, deaf=0.2)
T = TypeVar("T")
BOARD = ("127.0.0.1", 24000)


async def soon(what: Awaitable[T]) -> T:
    return await asyncio.wait_for(what, 2.0)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(2.0):
        while not true():
            await asyncio.sleep(0.005)


async def connect(lines: SharedLines) -> None:
    lines.start()
    await soon(lines.connected.wait())


async def offered(lines: Lines) -> Line:
    return await soon(anext(aiter(lines.offers())))


async def all_events(line: Line) -> list[LineEvent]:
    async with asyncio.timeout(2.0):
        return [event async for event in line.events()]


def media_of(line: Line, n: int = 1) -> str:
    return f"attendant.1.{line.offer.call}.m{n}"


async def served(server: AriServer, lines: SharedLines) -> tuple[Line, str, str]:
    """A call with one open media: line, caller's channel, media."""
    await connect(lines)
    caller = await server.call_in()
    line = await offered(lines)
    media = media_of(line)
    await line.run(OpenMedia(media, "ulaw"), board=BOARD)
    return line, caller, media


# A call.


async def test_an_offer_says_who_calls_whom(server: AriServer, lines: SharedLines) -> None:
    await connect(lines)
    caller = await server.call_in("4711", "700")
    offer = (await offered(lines)).offer
    assert (offer.channel, offer.caller, offer.called) == (caller, "4711", "700")
    assert offer.arguments == ("inbound",)
    assert "." not in offer.call


async def test_calls_are_offered_in_order_with_sorting_ids(
    server: AriServer, lines: SharedLines
) -> None:
    await connect(lines)
    for number in range(20):
        await server.call_in(str(number))
    offers = [(await offered(lines)).offer for _ in range(20)]
    assert [offer.caller for offer in offers] == [str(number) for number in range(20)]
    calls = [offer.call for offer in offers]
    assert calls == sorted(set(calls))


async def test_events_reach_their_call_in_order(server: AriServer, lines: SharedLines) -> None:
    line, caller, media = await served(server, lines)
    other = await server.call_in("0815")
    other_line = await offered(lines)
    channel = server.channels[caller]
    await server.tell("ChannelDtmfReceived", digit="7", duration_ms=160, channel=channel)
    await server.tell(
        "ChannelDtmfReceived", digit="1", duration_ms=100, channel=server.channels[other]
    )
    await server.tell("ChannelHold", musicclass="default", channel=channel)
    await server.tell("ChannelUnhold", channel=channel)
    await line.run(CloseMedia(media))
    await server.hang_up(caller)
    await server.hang_up(other)
    assert await all_events(line) == [
        MediaJoined(media),
        DigitPressed("7", 0.16),
        CallerHeld(),
        CallerResumed(),
        MediaEnded(media),
        CallerHungUp(),
        CallerLeft(),
    ]
    assert await all_events(other_line) == [DigitPressed("1", 0.1), CallerHungUp(), CallerLeft()]


async def test_a_transferred_caller_stays_the_same_call(
    server: AriServer, lines: SharedLines
) -> None:
    """As a REFER was seen: a Local channel enters with replace_channel, the old one leaves."""
    line, caller, media = await served(server, lines)
    old = server.channels.pop(caller)
    new = {**old, "id": "1795231945.23", "name": "Local/2000@c-00000000;1"}
    server.channels[new["id"]] = new
    await server.tell("StasisStart", args=[], channel=new, replace_channel=old)
    await server.tell("ChannelHangupRequest", cause=32, soft=True, channel=old)
    await server.tell("StasisEnd", channel=old)
    await server.tell("ChannelDtmfReceived", digit="5", duration_ms=100, channel=new)
    await server.hang_up(new["id"])
    assert await all_events(line) == [
        MediaJoined(media),
        DigitPressed("5", 0.1),
        CallerHungUp(),
        CallerLeft(),
    ]


async def test_a_caller_may_come_back_as_a_new_call(server: AriServer, lines: SharedLines) -> None:
    line, caller, _ = await served(server, lines)
    await server.tell("StasisEnd", channel=server.channels[caller])
    await server.tell("StasisStart", args=["returned"], channel=server.channels[caller])
    again = await offered(lines)
    assert again.offer.channel == line.offer.channel
    assert again.offer.call != line.offer.call


# Bad input.


async def test_unknown_events_and_fields_change_nothing(
    server: AriServer, lines: SharedLines
) -> None:
    await connect(lines)
    await server.tell("ChannelSangASong", song="la", channel={"id": "x"})
    caller = await server.call_in(hat="red")
    line = await offered(lines)
    await server.hang_up(caller)
    assert await all_events(line) == [CallerHungUp(), CallerLeft()]
    assert (lines.feed.unknown, lines.feed.malformed) == (1, 0)


# Loss and return.


async def test_a_lost_websocket_comes_back_and_calls_go_on(
    server: AriServer, lines: SharedLines
) -> None:
    line, caller, media = await served(server, lines)
    server.drop()
    await until(lambda: lines.feed.connects == 2 and lines.connected.is_set())
    await server.tell(
        "ChannelDtmfReceived", digit="9", duration_ms=80, channel=server.channels[caller]
    )
    await server.hang_up(caller)
    assert await all_events(line) == [
        MediaJoined(media),
        DigitPressed("9", 0.08),
        CallerHungUp(),
        CallerLeft(),
    ]
    assert (lines.reaped, lines.returned) == (0, 0)


async def test_what_ended_unheard_is_told_after_the_return(
    server: AriServer, lines: SharedLines
) -> None:
    line, caller, media = await served(server, lines)
    await until(lambda: len(server.channels) == 2)
    server.drop()
    server.channels.clear()
    assert await all_events(line) == [MediaJoined(media), MediaEnded(media), CallerLeft()]
    assert caller not in server.channels


async def test_a_media_that_joined_unheard_is_told_after_the_return(
    server: AriServer, lines: SharedLines
) -> None:
    server.joined = False
    line, _, media = await served(server, lines)
    server.drop()
    assert await soon(anext(aiter(line.events()))) == MediaJoined(media)


async def test_an_open_websocket_without_events_is_found_and_replaced(
    server: AriServer, lines: SharedLines
) -> None:
    line, caller, media = await served(server, lines)
    assert await soon(anext(aiter(line.events()))) == MediaJoined(media)
    server.deaf = True
    await server.call_in()
    server.channels.pop(caller)
    await until(lambda: lines.feed.connects == 2 and lines.connected.is_set())
    assert await all_events(line) == [CallerLeft()]


# After a restart.


async def test_only_our_orphans_are_reaped(server: AriServer, lines: SharedLines) -> None:
    ours, others = "attendant.1.0abc.m1", ("attendant.2.0abc.m1", "other.1.0abc.m1", "1795.1")
    for key in (ours, *others):
        server.add_channel(key, app_data="else")
        server.bridges[key] = {"id": key, "channels": []}
    await connect(lines)
    await until(lambda: lines.reaped == 2)
    assert set(server.channels) == set(server.bridges) == set(others)


async def test_what_lives_elsewhere_is_no_orphan(server: AriServer) -> None:
    """On a pooled line of this worker, or by the records in another worker."""

    async def alive() -> set[str]:
        return {"0abc"}

    settings = PbxSettings(url=server.url, user=server.user, password=server.password)
    for key in ("attendant.1.0abc.m1", "attendant.1.0old.m1"):
        server.add_channel(key, app_data="attendant:Test/1")
        server.bridges[key] = {"id": key, "channels": []}
    lines = SharedLines(settings, QUICK, alive)
    await connect(lines)
    await until(lambda: lines.reaped == 2)
    assert set(server.channels) == set(server.bridges) == {"attendant.1.0abc.m1"}
    await lines.close()


async def test_a_caller_whom_nobody_serves_goes_to_the_fallback(
    server: AriServer, lines: SharedLines
) -> None:
    """This worker died and came back without its calls."""
    stranger = await server.call_in("4711")
    elsewhere = await server.call_in("4712")
    server.channels[elsewhere]["dialplan"]["app_data"] = "attendant-11,inbound"
    await connect(lines)
    await until(lambda: lines.returned == 1)
    path = f"/channels/{stranger}"
    disarmed = server.asked("POST", f"{path}/variable")
    assert disarmed == [{"variable": "TIMEOUT(absolute)", "value": "0"}]
    place = {"context": "attendant-fallback", "extension": "s", "priority": "1"}
    assert server.asked("POST", f"{path}/continue") == [place]
    assert server.asked("POST", f"/channels/{elsewhere}/continue") == []


async def test_a_caller_who_enters_while_the_lists_are_read_is_served(
    server: AriServer, lines: SharedLines
) -> None:
    key = "1795231515.99"
    server.add_channel(key)
    await connect(lines)
    await server.tell("StasisStart", args=["inbound"], channel=server.channels[key])
    line = await offered(lines)
    await asyncio.sleep(0.15)
    assert lines.returned == 0
    assert line.offer.channel == key


async def test_a_media_that_joins_after_its_call_was_closed_is_reaped(
    server: AriServer, lines: SharedLines
) -> None:
    line, _, media = await served(server, lines)
    await line.close()
    await server.tell("StasisStart", args=[], channel=server.channels[media])
    await until(lambda: media not in server.channels)


@pytest.mark.parametrize("foreign", ["attendant.2.x.m1", "other.1.x.m1"])
async def test_what_another_worker_named_is_not_reaped(
    server: AriServer, lines: SharedLines, foreign: str
) -> None:
    await connect(lines)
    server.add_channel(foreign)
    await server.tell("StasisStart", args=[], channel=server.channels[foreign])
    await asyncio.sleep(0.05)
    assert foreign in server.channels


async def test_close_ends_offers_and_events(server: AriServer, lines: SharedLines) -> None:
    line, _, media = await served(server, lines)
    await until(lambda: media in server.channels)
    offers = asyncio.create_task(anext(aiter(lines.offers()), None))
    events = asyncio.create_task(all_events(line))
    await asyncio.sleep(0.01)
    await lines.close()
    assert await soon(offers) is None
    assert await soon(events) == [MediaJoined(media)]


async def test_the_password_is_in_no_url_and_no_repr(server: AriServer, lines: SharedLines) -> None:
    await served(server, lines)
    assert "test-only" not in json.dumps(server.requests)
    assert "hush" not in repr(PbxSettings(url=server.url, user="u", password="hush"))
