"""The websocket: proven, reconnected, and not to be upset by what comes over it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ari_app.ari.client import HttpTransport
from ari_app.ari.feed import Feed
from ari_app.ari.generated.events import Message
from ari_app.ari.generated.operations import Operations
from tests.ari.conftest import QUICK
from tests.support.ari_server import AriServer


class Listening:
    """A feed, what it received and how often it surveyed."""

    def __init__(self, transport: HttpTransport, app: str = "attendant-1") -> None:
        self.received: list[Message] = []
        self.surveys = 0
        self.feed = Feed(Operations(transport), app, QUICK, self.received.append, self._survey)

    async def _survey(self) -> None:
        assert not self.feed.connected.is_set()
        self.surveys += 1

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.received]


@pytest.fixture
async def listening(server: AriServer) -> AsyncIterator[Listening]:
    transport = HttpTransport(server.url, server.user, server.password, timeout=0.3)
    made = Listening(transport)
    task = asyncio.create_task(made.feed.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await transport.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(2.0):
        while not true():
            await asyncio.sleep(0.005)


async def test_events_come_in_order_and_our_own_echo_is_not_one(
    server: AriServer, listening: Listening
) -> None:
    await until(listening.feed.connected.is_set)
    for digit in "12":
        await server.tell("ChannelVarset", variable=digit, value="")
    await asyncio.sleep(3 * QUICK.echo)
    assert listening.kinds == ["ChannelVarset"] * 2
    assert (listening.feed.connects, listening.surveys) == (1, 1)


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "null", "{}", '{"type": 7}', '{"type": "StasisStart"}', "[" * 100_000,
     '{"type": "StasisEnd", "channel": "a"}', '{"type": "StasisEnd", "channel": {"id": 1}}'],
    ids=range(10),
)  # fmt: skip
async def test_malformed_messages_are_counted_and_the_line_goes_on(
    server: AriServer, listening: Listening, raw: str
) -> None:
    await until(listening.feed.connected.is_set)
    await server.tell_raw(raw)
    await server.tell("ChannelVarset", variable="a", value="")
    await until(lambda: listening.kinds == ["ChannelVarset"])
    assert (listening.feed.malformed, listening.feed.connects) == (1, 1)


async def test_unknown_events_are_counted(server: AriServer, listening: Listening) -> None:
    await until(listening.feed.connected.is_set)
    await server.tell("ChannelSangASong")
    await until(lambda: listening.feed.unknown == 1)
    assert listening.received == []


async def test_it_connects_however_long_the_pbx_is_away(
    server: AriServer, listening: Listening
) -> None:
    server.refuse = True
    await asyncio.sleep(0.2)
    assert not listening.feed.connected.is_set()
    server.refuse = False
    await until(listening.feed.connected.is_set)


async def test_a_lost_websocket_is_replaced_and_the_lists_are_read_again(
    server: AriServer, listening: Listening
) -> None:
    for n in range(1, 4):
        await until(lambda n=n: listening.surveys == n and listening.feed.connected.is_set())  # type: ignore[misc]
        server.drop()
        await until(lambda: not listening.feed.connected.is_set())
    assert listening.feed.connects >= 3


async def test_an_open_websocket_without_events_is_replaced(
    server: AriServer, listening: Listening
) -> None:
    await until(listening.feed.connected.is_set)
    server.deaf = True
    await until(lambda: listening.feed.connects == 2 and listening.feed.connected.is_set())


async def test_a_websocket_is_no_connection_until_events_come(
    server: AriServer, listening: Listening
) -> None:
    async def deactivated(app: str) -> None:
        server.deaf = len(server.sockets) < 2

    server.on_open = deactivated
    await until(listening.feed.connected.is_set)
    assert (listening.feed.connects, listening.surveys) == (2, 1)


async def test_a_taken_application_is_taken_back_slowly(
    server: AriServer, listening: Listening
) -> None:
    await until(listening.feed.connected.is_set)
    await server.tell("ApplicationReplaced")
    await until(lambda: not listening.feed.connected.is_set())
    await asyncio.sleep(0.1)
    assert listening.feed.connects == 1
    await until(lambda: listening.feed.connects == 2)
