import errno
import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from ari_app.board import socket as board_socket
from ari_app.board.socket import (
    BATCH,
    BatchSocket,
    MediaSocket,
    PlainSocket,
    address_key,
    key_address,
    open_socket,
    socket_address,
)

Kind = type[MediaSocket]


@pytest.fixture(params=["batched", "plain"])
def ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaSocket]:
    if request.param == "plain":
        monkeypatch.setattr(board_socket, "_libc", lambda: None)
    ours = open_socket("127.0.0.1", 0, 100)
    if request.param == "batched" and not isinstance(ours, BatchSocket):
        pytest.skip("no recvmmsg here")
    assert request.param == "batched" or type(ours) is PlainSocket
    yield ours
    ours.close()


@pytest.fixture
def theirs() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.settimeout(1)
        yield theirs


def test_an_address_and_its_key_are_one() -> None:
    for address in (("127.0.0.1", 1), ("255.255.255.255", 65535), ("10.0.0.7", 4000)):
        assert key_address(address_key(address)) == address
    assert address_key(("10.0.0.7", 4000)) != address_key(("10.0.0.7", 4001))


def test_what_is_sent_is_received_with_its_length_and_sender(
    ours: MediaSocket, theirs: socket.socket
) -> None:
    for data in (b"one", b"", b"x" * 3000, b"four"):
        theirs.sendto(data, ours.address)
    got = ours.receive()
    assert got.lengths.tolist() == [3, 0, 2048, 4]
    assert got.data[0, :3].tobytes() == b"one"
    assert got.data[3, :4].tobytes() == b"four"
    assert set(got.sources) == {address_key(theirs.getsockname())}
    assert len(ours.receive().sources) == 0


def test_a_flood_is_read_in_batches(ours: MediaSocket, theirs: socket.socket) -> None:
    for number in range(BATCH + 10):
        theirs.sendto(b"%d" % number, ours.address)
    assert len(ours.receive().sources) <= BATCH
    assert ours.receive().data[0, :3].tobytes() == b"%d" % BATCH


def test_every_row_goes_to_its_own_address(ours: MediaSocket, theirs: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(1)
        rows = np.zeros((2, 9), np.uint8)
        rows[:, :3] = np.frombuffer(b"abcdef", np.uint8).reshape(2, 3)
        to = [socket_address(one.getsockname()) for one in (theirs, other)]
        ours.send(rows[:, :3], np.stack(to))
        assert theirs.recvfrom(99) == (b"abc", ours.address)
        assert other.recv(99) == b"def"


def test_peers_that_are_gone_or_unreachable_cost_only_their_own_packets(
    ours: MediaSocket, theirs: socket.socket
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        gone = closed.getsockname()
    bad = ("255.255.255.255", 9)  # a broadcast without permission: EACCES
    to = np.stack([socket_address(a) for a in (gone, bad, theirs.getsockname())])
    for _ in range(3):
        ours.send(np.full((3, 4), 65, np.uint8), to)
        time.sleep(0.01)
        ours.receive()
        assert theirs.recv(99) == b"AAAA"
    assert ours.unsent == 3


def test_where_the_host_is_out_of_buffers_the_batch_is_dropped_and_counted(
    theirs: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = open_socket("127.0.0.1", 0, 100)
    if not isinstance(ours, BatchSocket):
        pytest.skip("no sendmmsg here")
    refuse: Callable[..., int] = lambda *_: -1  # noqa: E731
    monkeypatch.setattr(ours, "_send", refuse)
    monkeypatch.setattr(board_socket.ctypes, "get_errno", lambda: errno.ENOBUFS)
    ours.send(np.zeros((3, 4), np.uint8), np.stack([socket_address(theirs.getsockname())] * 3))
    assert ours.unsent == 3
    ours.close()


def test_a_port_that_is_taken_raises(ours: MediaSocket) -> None:
    with pytest.raises(OSError, match="in use"):
        open_socket(*ours.address, 1)
