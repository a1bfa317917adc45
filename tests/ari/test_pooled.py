"""The pooled line against a PBX that dials it: offers, loss and return, adoption, bad input."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
import pytest

from ari_app.ari.line import AriLine
from ari_app.ari.pooled import PooledLines
from ari_app.ari.settings import PbxSettings, PoolSettings
from ari_app.call.commands import Answer, ArmDeadman, CloseBridge, CloseMedia, OpenMedia
from ari_app.call.events import (
    CallerHungUp,
    CallerLeft,
    DigitPressed,
    Done,
    LineEvent,
    MediaEnded,
    MediaJoined,
    Refused,
    Unknown,
)
from ari_app.errors import AsteriskError
from ari_app.ports import Adoptable, Lines
from tests.support.ari_server import AriServer
from tests.support.pooled_pbx import PooledCall, basic

T = TypeVar("T")
SECRET = "sixteen or more characters"
BOARD = ("127.0.0.1", 24000)


@pytest.fixture
async def http() -> AsyncIterator[AriServer]:
    """The PBX's own HTTP server."""
    async with AriServer().running() as running:
        yield running


@asynccontextmanager
async def serving(http: AriServer, **pool: object) -> AsyncIterator[PooledLines]:
    settings = PbxSettings(url=http.url, user=http.user, password=http.password, timeout=0.3)
    door = PoolSettings(**{"password": SECRET, "port": 0, **pool})  # type: ignore[arg-type]
    lines = PooledLines(settings, door, redial=0.2)
    lines.start()
    yield lines
    await lines.close()


@pytest.fixture
async def lines(http: AriServer) -> AsyncIterator[PooledLines]:
    async with serving(http) as made:
        yield made


@pytest.fixture
async def call(lines: PooledLines) -> AsyncIterator[PooledCall]:
    made = PooledCall(port=lines.port, secret=SECRET)
    yield made
    await made.goodbye()


async def soon(what: Awaitable[T]) -> T:
    return await asyncio.wait_for(what, 2.0)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(2.0):
        while not true():
            await asyncio.sleep(0.005)


async def offered(lines: PooledLines) -> AriLine:
    return await soon(anext(aiter(lines.offers())))


async def all_events(line: AriLine) -> list[LineEvent]:
    async with asyncio.timeout(2.0):
        return [event async for event in line.events()]


def media_of(line: AriLine, n: int = 1) -> str:
    return f"attendant.1.{line.offer.call}.m{n}"


async def served(lines: PooledLines, call: PooledCall) -> tuple[AriLine, str]:
    """A call with one media that has joined."""
    await call.ring()
    line = await offered(lines)
    media = media_of(line)
    opening = OpenMedia(media, "ulaw")
    assert await line.run(opening, board=BOARD) == Done(opening)
    assert await soon(anext(aiter(line.events()))) == MediaJoined(media)
    return line, media


# A call.


def test_they_are_lines(lines: PooledLines) -> None:
    as_port: Lines = lines
    assert as_port


async def test_a_call_from_its_offer_to_its_end(lines: PooledLines, call: PooledCall) -> None:
    await call.ring()
    line = await offered(lines)
    assert (line.offer.channel, line.offer.caller) == (call.caller, "4711")
    assert (line.offer.called, line.offer.arguments) == ("700", ("inbound", "700"))
    assert (line.known_as, line.adoptable) == (None, None)
    assert call.variables == {"ATTENDANT_CALL": line.offer.call}
    media = media_of(line)
    await line.run(OpenMedia(media, "ulaw"), board=BOARD)
    [query] = call.asked("POST", "/channels/externalMedia")
    assert query["app"] == call.app, "else Asterisk dials once more"
    assert line.remote(media) == ("127.0.0.1", 10834)
    digit = {"digit": "7", "duration_ms": 160, "channel": call.channels[call.caller]}
    await call.tell("ChannelDtmfReceived", **digit)
    await line.run(CloseMedia(media))
    await call.hang_up(call.caller)
    assert await all_events(line) == [
        MediaJoined(media),
        DigitPressed("7", 0.16),
        MediaEnded(media),
        CallerHungUp(),
        CallerLeft(),
    ]


async def test_the_app_hears_of_a_new_call_before_the_caller_enters(http: AriServer) -> None:
    early: list[str] = []
    settings = PbxSettings(url=http.url, user="u", password="p")
    lines = PooledLines(settings, PoolSettings(password=SECRET, port=0), early=early.append)
    lines.start()
    call = PooledCall(port=lines.port, secret=SECRET)
    await call.register()
    await until(lambda: early == [call.app])
    await call.goodbye()
    await lines.close()


async def test_a_call_is_held_from_its_first_message_until_it_is_closed(http: AriServer) -> None:
    held: list[int] = []
    settings = PbxSettings(url=http.url, user="u", password="p")
    lines = PooledLines(
        settings, PoolSettings(password=SECRET, port=0), changed=lambda: held.append(lines.held)
    )
    lines.start()
    call = PooledCall(port=lines.port, secret=SECRET)
    await call.register()
    await until(lambda: held == [1])
    await call.goodbye()
    await until(lambda: held == [1, 0])
    served = PooledCall(port=lines.port, secret=SECRET)
    await served.ring()
    line = await offered(lines)
    assert lines.held == 1
    await line.close()
    assert lines.held == 0, "though its socket is still there"
    assert held[-1] == 0
    await served.goodbye()
    await lines.close()


async def test_calls_do_not_mix(lines: PooledLines) -> None:
    calls = [PooledCall(port=lines.port, secret=SECRET, caller=f"1.{n}") for n in range(10)]
    await asyncio.gather(*(call.ring() for call in calls))
    found = [await offered(lines) for _ in calls]
    assert {line.offer.channel for line in found} == {call.caller for call in calls}
    assert lines.calls == {line.offer.call for line in found}
    for line in found:
        [call] = [each for each in calls if each.caller == line.offer.channel]
        assert await line.run(Answer()) == Done(Answer())
        assert len(call.asked("POST", f"/channels/{call.caller}/answer")) == 1
        await line.close()
    assert not lines.calls
    for call in calls:
        await call.goodbye()


async def test_requests_without_an_answer_or_refused_say_so(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    path = f"/channels/{call.caller}/answer"
    call.hang.add(path)
    outcome = await soon(line.run(Answer()))
    assert isinstance(outcome, Unknown)
    call.hang.clear()
    call.refused.add(path)
    outcome = await line.run(Answer())
    assert outcome == Refused(Answer(), "no")
    call.channels.clear()
    call.refused.clear()
    assert await line.run(Answer()) == Refused(Answer(), "Channel not found", gone=True)


async def test_what_is_left_after_the_last_socket_is_deleted_over_http(
    lines: PooledLines, call: PooledCall, http: AriServer
) -> None:
    line, media = await served(lines, call)
    http.channels[media] = call.channels[media]
    await call.tell("StasisEnd", channel=call.channels[call.caller])
    assert await all_events(line) == [CallerLeft()]
    bridge = media.replace(".m", ".b")
    assert await line.run(CloseBridge(bridge)) == Done(CloseBridge(bridge))
    assert call.asked("DELETE", f"/bridges/{bridge}") == [{}]
    await call.sockets[-1].close()
    await until(lambda: not lines._applications)
    assert await line.run(CloseMedia(media)) == Done(CloseMedia(media))
    assert http.asked("DELETE", f"/channels/{media}") == [{}]


# Loss and return.


async def test_a_lost_socket_is_redialled_and_the_line_goes_on(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    call.hang.add(f"/channels/{call.caller}/answer")
    waiting = asyncio.create_task(line.run(Answer()))
    await until(lambda: call.asked("POST", f"/channels/{call.caller}/answer"))
    call.cut()
    assert isinstance(await soon(waiting), Unknown)
    between = asyncio.create_task(line.run(ArmDeadman(15)))
    await asyncio.sleep(0.05)
    assert not between.done(), "it waits: nobody knows yet whose the call is"
    await call.register()
    assert await soon(between) == Done(ArmDeadman(15))
    await until(lambda: lines.seen["redials"] == 1)
    await call.hang_up(call.caller)
    assert await all_events(line) == [CallerHungUp(), CallerLeft()]
    assert lines.seen["lost"] == lines.seen["adoptable"] == 0


async def test_what_ended_between_two_sockets_is_told(lines: PooledLines, call: PooledCall) -> None:
    line, media = await served(lines, call)
    call.cut()
    call.channels.pop(media)
    await call.register()
    assert await soon(anext(aiter(line.events()))) == MediaEnded(media)
    call.cut()
    call.channels.clear()
    await call.register()
    assert await all_events(line) == [CallerLeft()]


async def test_a_second_socket_takes_over_before_the_first_is_known_to_be_dead(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    await call.register()
    await until(lambda: lines.seen["redials"] == 1)
    assert await line.run(Answer()) == Done(Answer())
    await call.sockets[0].close()
    assert await line.run(Answer()) == Done(Answer())
    await asyncio.sleep(0.3)
    assert lines.seen["lost"] == 0


async def test_a_socket_that_does_not_come_back_has_taken_the_caller_along(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    call.cut()
    assert await all_events(line) == [CallerLeft()]
    assert lines.seen["lost"] == 1


async def test_a_shut_door_keeps_open_lines(lines: PooledLines, call: PooledCall) -> None:
    line, _ = await served(lines, call)
    lines.shut()
    other = PooledCall(port=lines.port, secret=SECRET, caller="2.2")
    with pytest.raises(aiohttp.ClientConnectorError):
        await other.dial()
    assert await line.run(Answer()) == Done(Answer())
    lines.start()
    await other.ring()
    assert (await offered(lines)).offer.channel == "2.2"
    await other.goodbye()


# Whose call is it?


async def lost(call: PooledCall, identity: str | None = "0abc") -> None:
    """As another process left it: the caller in his bridge with a media."""
    call.add_channel(call.caller, "4711", "s", app_data="attendant,inbound,700")
    for key in ("attendant.2.0abc.m1", "attendant.2.0abc.b2"):
        (call.channels if ".m" in key else call.bridges)[key] = {"id": key}
    if identity is not None:
        call.variables["ATTENDANT_CALL"] = identity
    await call.register()


async def test_a_call_that_another_process_lost_is_adoptable(
    lines: PooledLines, call: PooledCall
) -> None:
    await lost(call)
    line = await offered(lines)
    left = ("attendant.2.0abc.m1", "attendant.2.0abc.b2")
    assert line.adoptable == Adoptable("0abc", call.caller, call.app, left)
    assert line.offer.call == line.known_as == "0abc"
    assert (line.offer.caller, line.offer.called) == ("4711", "700")
    assert await line.run(Answer()) == Done(Answer())
    await call.hang_up(call.caller)
    assert await all_events(line) == [CallerHungUp(), CallerLeft()]


@pytest.mark.parametrize("identity", [None, "", "../x"])
async def test_a_caller_whom_nobody_served_yet_is_new(
    lines: PooledLines, call: PooledCall, identity: str | None
) -> None:
    await lost(call, identity)
    line = await offered(lines)
    assert (line.adoptable, line.known_as) == (None, None)
    assert call.variables == {"ATTENDANT_CALL": line.offer.call}


async def test_a_caller_who_comes_back_later_is_a_new_call_that_knows_the_old_one(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    await call.hang_up(call.caller)
    await call.sockets[-1].close()
    await call.ring()
    again = await offered(lines)
    assert again.known_as == line.offer.call != again.offer.call
    assert call.variables == {"ATTENDANT_CALL": again.offer.call}
    await line.close()
    assert lines.calls == {again.offer.call}


async def test_he_is_so_even_if_the_old_socket_is_still_open(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    await call.hang_up(call.caller)
    await call.ring()
    again = await offered(lines)
    await call.sockets[0].close()
    assert await again.run(Answer()) == Done(Answer())
    assert again.known_as == line.offer.call


async def test_a_caller_who_comes_back_at_once_is_moved_to_the_shared_line(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    channel = call.channels[call.caller]
    await call.tell("StasisEnd", channel=channel)
    await call.dial()
    await call.tell("StasisStart", args=["inbound", "700"], channel=channel)
    path = f"/channels/{call.caller}/move"
    await until(lambda: call.asked("POST", path))
    assert call.asked("POST", path) == [{"app": "attendant-1", "appArgs": "inbound,700"}]
    await call.tell("ApplicationMoveFailed", channel=channel, destination="attendant-1", args=[])
    path = f"/channels/{call.caller}/continue"
    await until(lambda: call.asked("POST", path))
    assert call.asked("POST", path)[0]["context"] == "attendant-fallback"
    assert await all_events(line) == [CallerLeft()]


# Bad input.


async def test_a_call_goes_on_whatever_comes_to_the_door(
    lines: PooledLines, call: PooledCall
) -> None:
    line, _ = await served(lines, call)
    url = f"http://127.0.0.1:{lines.port}/ari"
    right = basic("attendant", SECRET)
    async with aiohttp.ClientSession() as session:

        async def visit(**headers: str) -> int:
            async with session.get(url, headers=headers) as answer:
                return answer.status

        statuses = await asyncio.gather(
            visit(),
            visit(**basic("attendant", "wrong")),
            visit(**basic("root", SECRET)),
            visit(Authorization="Basic \u00e9\u00e9"),
            visit(**right),
        )
        assert statuses == [401, 401, 401, 401, 400]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url, headers=right, protocols=("chat",))
    assert lines.door.refused == {"wrong credentials": 4, "no ARI websocket": 2}
    assert await line.run(Answer()) == Done(Answer())


async def test_strangers_are_turned_away_unheard(http: AriServer) -> None:
    async with serving(http, networks=("192.0.2.0/24",)) as lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", lines.port)
        assert await soon(reader.read()) == b""
        writer.close()
        assert lines.door.refused == {"stranger": 1}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type": 1}', '{"type": "ChannelDtmfReceived", "digit": 5}']
)
async def test_malformed_messages_are_dropped_and_counted(
    lines: PooledLines, call: PooledCall, text: str
) -> None:
    line, _ = await served(lines, call)
    await call.tell_raw(text)
    await call.sockets[-1].send_bytes(b"\x00")
    await call.tell_raw(json.dumps({"type": "RESTResponse", "request_id": "never asked"}))
    await call.tell("ChannelSangASong")
    assert await line.run(Answer()) == Done(Answer())
    assert (lines.seen["malformed"], lines.seen["unknown"]) == (2, 1)


async def test_an_oversized_message_costs_the_socket_and_not_the_call(http: AriServer) -> None:
    async with serving(http, largest=10_000) as lines:
        call = PooledCall(port=lines.port, secret=SECRET)
        line, _ = await served(lines, call)
        socket = call.sockets[-1]
        await call.tell_raw(" " * 10_001)
        await until(lambda: socket.closed)
        assert socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await call.register()
        assert await line.run(Answer()) == Done(Answer())
        await call.goodbye()


async def test_a_socket_of_another_application_is_closed(
    lines: PooledLines, call: PooledCall
) -> None:
    call.app = "other:Test/1"
    await call.register()
    socket = call.sockets[-1]
    await until(lambda: socket.closed)
    assert lines.door.refused == {"says not who it is": 1}


async def test_a_port_that_is_taken_is_named(http: AriServer, lines: PooledLines) -> None:
    with pytest.raises(AsteriskError, match=f"listen on 127.0.0.1:{lines.port}"):
        async with serving(http, port=lines.port):
            pass


async def test_close_ends_offers_and_events(lines: PooledLines, call: PooledCall) -> None:
    line, _ = await served(lines, call)
    offers = asyncio.create_task(anext(aiter(lines.offers()), None))
    await asyncio.sleep(0.01)
    await lines.close()
    assert await soon(offers) is None
    assert await all_events(line) == []
