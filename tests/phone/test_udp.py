import asyncio
import socket
import time

import pytest

from ari_app.phone.port import Address
from ari_app.phone.udp import Socket


async def test_a_busy_loop_does_not_make_packets_late() -> None:
    got: list[tuple[bytes, float]] = []
    one = Socket(("127.0.0.1", 0), lambda data, peer, at: got.append((data, at)))
    # Linux begins to stamp a moment after the first socket asked for it (net_enable_timestamp
    # defers to a work queue).
    await asyncio.sleep(0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"a", one.address)
        sent = time.monotonic()
        time.sleep(0.1)  # noqa: ASYNC251 - the loop is held up on purpose
        await asyncio.sleep(0.01)
    one.close()
    ((data, at),) = got
    assert data == b"a"
    assert abs(at - sent) < 0.02, "the kernel's stamp, not the time of reading"


async def test_a_receiver_may_close_the_socket() -> None:
    got: list[bytes] = []

    def receive(data: bytes, peer: Address, at: float) -> None:
        got.append(data)
        one.close()

    one = Socket(("127.0.0.1", 0), receive)
    one.send(b"a", one.address)
    one.send(b"b", one.address)
    await asyncio.sleep(0.02)
    assert got == [b"a"]


async def test_what_cannot_be_sent_is_lost_and_counted() -> None:
    one = Socket(("127.0.0.1", 0), lambda data, peer, at: None)
    one.send(bytes(70000), one.address)
    assert one.lost == 1
    one.close()


async def test_an_address_in_use_is_refused() -> None:
    one = Socket(("127.0.0.1", 0), lambda data, peer, at: None)
    with pytest.raises(OSError, match="in use"):
        Socket(one.address, lambda data, peer, at: None)
    one.close()
