"""HTTP itself: what was surely not sent is refused, what got no answer is unknown."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ari_app.ari.client import HttpTransport
from ari_app.ari.generated.operations import Operations
from ari_app.errors import AsteriskError, OutcomeUnknown, ResourceGone
from tests.support.ari_server import AriServer, Misbehaviour


@pytest.fixture
async def transport(server: AriServer) -> AsyncIterator[HttpTransport]:
    opened = HttpTransport(server.url, server.user, server.password, timeout=0.3)
    yield opened
    await opened.close()


async def test_names_are_quoted_into_one_path_segment(
    server: AriServer, transport: HttpTransport
) -> None:
    server.add_channel("a/../b?c=d&e#%")
    await Operations(transport).channels.ring(channelId="a/../b?c=d&e#%")
    await Operations(transport).channels.setChannelVar(
        channelId="a/../b?c=d&e#%", variable="A(b)", value="1+1 &=?\u00e9"
    )
    assert server.requests[-1][2] == {"variable": "A(b)", "value": "1+1 &=?\u00e9"}


async def test_a_wrong_password_is_a_refusal(server: AriServer) -> None:
    transport = HttpTransport(server.url, server.user, "wrong")
    with pytest.raises(AsteriskError, match="401 Authentication required"):
        await Operations(transport).channels.list()
    with pytest.raises(AsteriskError, match="401"):
        async with transport.stream("/events", {"app": "a"}):
            pass
    await transport.close()


async def test_nobody_there_is_no_unknown_outcome() -> None:
    transport = HttpTransport("http://127.0.0.1:9", "u", "p")
    with pytest.raises(AsteriskError, match="not reached") as refused:
        await Operations(transport).channels.list()
    assert not isinstance(refused.value, OutcomeUnknown)
    await transport.close()


async def test_silence_is_unknown_within_the_timeout(
    server: AriServer, transport: HttpTransport
) -> None:
    server.misbehave["GET", "/channels"] = Misbehaviour(hang=True)
    async with asyncio.timeout(1.0):
        with pytest.raises(OutcomeUnknown):
            await Operations(transport).channels.list()


async def test_gone_is_gone(transport: HttpTransport) -> None:
    with pytest.raises(ResourceGone) as gone:
        await Operations(transport).channels.answer(channelId="x")
    assert (gone.value.operation, gone.value.status) == ("channels.answer", 404)


async def test_redirects_are_not_followed(server: AriServer, transport: HttpTransport) -> None:
    """The credentials stay with the host that they are for."""
    elsewhere = Misbehaviour(302, location=f"{server.url}/ari/bridges")
    server.misbehave["GET", "/channels"] = elsewhere
    with pytest.raises(AsteriskError, match="302"):
        await Operations(transport).channels.list()


async def test_more_than_a_hundred_requests_at_once(server: AriServer) -> None:
    """aiohttp's own default limit would let 100 silent ones block the next."""
    transport = HttpTransport(server.url, server.user, server.password, timeout=5.0)
    server.misbehave["GET", "/channels"] = Misbehaviour(hang=True)
    silent = [asyncio.create_task(Operations(transport).channels.list()) for _ in range(120)]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(1.0):
        assert await Operations(transport).bridges.list() == ()
    for each in silent:
        each.cancel()
    await asyncio.gather(*silent, return_exceptions=True)
    await transport.close()
