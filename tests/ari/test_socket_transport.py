"""REST over a websocket: what is written, whose answer is whose, and what is not known."""

import asyncio
import json
from typing import Any

import pytest

from ari_app.ari.generated.events import RESTResponse
from ari_app.ari.generated.operations import Operations
from ari_app.ari.socket_transport import SocketTransport
from ari_app.errors import AsteriskError, OutcomeUnknown, ResourceGone


class Recorded:
    """A socket that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.broken = False

    async def send_str(self, data: str) -> None:
        if self.broken:
            raise ConnectionResetError("Cannot write to closing transport")
        self.sent.append(json.loads(data))


class Afterwards:
    """Requests that went another way."""

    async def request(self, method: str, path: str, query: Any, body: Any) -> tuple[int, bytes]:
        return 200, b'{"value": "over HTTP"}'

    stream: Any = None


@pytest.fixture
def transport() -> SocketTransport:
    return SocketTransport(Afterwards(), timeout=0.1)


def response(key: str, status: int = 204, body: str = "") -> RESTResponse:
    return RESTResponse.parse(
        {"type": "RESTResponse", "request_id": key, "status_code": status, "message_body": body}
    )


async def sent(socket: Recorded, count: int) -> None:
    while len(socket.sent) < count:
        await asyncio.sleep(0)


async def test_a_request_is_written_as_asterisk_reads_it(transport: SocketTransport) -> None:
    socket = Recorded()
    transport.attach(socket)
    asking = asyncio.create_task(
        Operations(transport).channels.originate(
            endpoint="Local/1 2@x", app="a:b/c", variables={"A": "\u00fc"}
        )
    )
    await sent(socket, 1)
    [asked] = socket.sent
    assert (asked["type"], asked["method"], asked["uri"]) == ("RESTRequest", "POST", "channels")
    assert {"name": "endpoint", "value": "Local/1 2@x"} in asked["query_strings"]
    assert {"name": "app", "value": "a:b/c"} in asked["query_strings"]
    assert json.loads(asked["message_body"]) == {"variables": {"A": "\u00fc"}}
    asking.cancel()


async def test_paths_are_quoted(transport: SocketTransport) -> None:
    socket = Recorded()
    transport.attach(socket)
    name = "attendant:PJSIP/trunk-1"
    asking = asyncio.create_task(Operations(transport).applications.get(applicationName=name))
    await sent(socket, 1)
    assert socket.sent[0]["uri"] == "applications/attendant%3APJSIP%2Ftrunk-1"
    transport.take(response(socket.sent[0]["request_id"], 404, '{"message": "none"}'))
    with pytest.raises(ResourceGone):
        await asking


async def test_answers_find_their_requests_in_any_order(transport: SocketTransport) -> None:
    socket = Recorded()
    transport.attach(socket)
    asking = [asyncio.create_task(transport.request("GET", f"/{n}", {}, None)) for n in range(3)]
    await sent(socket, 3)
    for asked in reversed(socket.sent):
        transport.take(response(asked["request_id"], 200, asked["uri"]))
    assert await asyncio.gather(*asking) == [(200, b"0"), (200, b"1"), (200, b"2")]


async def test_no_answer_is_unknown_and_a_late_one_is_nobodys(transport: SocketTransport) -> None:
    socket = Recorded()
    transport.attach(socket)
    with pytest.raises(OutcomeUnknown, match="nothing within"):
        await transport.request("POST", "/x", {}, None)
    transport.take(response(socket.sent[0]["request_id"]))


async def test_what_was_asked_over_a_lost_socket_is_unknown_at_once(
    transport: SocketTransport,
) -> None:
    old, new = Recorded(), Recorded()
    transport.attach(old)
    first = asyncio.create_task(transport.request("POST", "/x", {}, None))
    await sent(old, 1)
    transport.attach(new)
    second = asyncio.create_task(transport.request("POST", "/y", {}, None))
    await sent(new, 1)
    transport.detach(old)
    with pytest.raises(OutcomeUnknown, match="socket closed"):
        await first
    transport.take(response(new.sent[0]["request_id"]))
    assert await second == (204, b"")
    assert transport.socket is new
    new.broken = True
    with pytest.raises(OutcomeUnknown, match="closing transport"):
        await transport.request("POST", "/z", {}, None)


async def test_between_two_sockets_requests_wait_and_then_were_not_sent(
    transport: SocketTransport,
) -> None:
    with pytest.raises(AsteriskError, match="not sent") as told:
        await transport.request("POST", "/x", {}, None)
    assert not isinstance(told.value, OutcomeUnknown)


async def test_after_the_end_they_go_another_way(transport: SocketTransport) -> None:
    waiting = asyncio.create_task(transport.request("GET", "/x", {}, None))
    await asyncio.sleep(0)
    transport.end()
    assert await waiting == (200, b'{"value": "over HTTP"}')


async def test_it_carries_no_websockets(transport: SocketTransport) -> None:
    with pytest.raises(AsteriskError, match="no further websockets"):
        transport.stream("/events", {})
