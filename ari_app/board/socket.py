"""One UDP socket for all media: many datagrams per system call where the kernel allows.

recvmmsg and sendmmsg are called through ctypes.PyDLL, which keeps the interpreter's lock: the calls
never block, and giving the lock away would cost milliseconds to get it back. IPv4 only.
"""

import ctypes
import errno
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from ari_app.media.rtp import Octets
from ari_app.media.serial import Integers

Address = tuple[str, int]

DATAGRAM_BYTES = 2048
"Longer datagrams are cut off, and so refused as RTP."
BATCH = 256
"Datagrams read per beat at most: 64,000 a second. A flood waits outside, in the kernel."
_WANTED_BUFFER = 4 << 20
_BYTES_PER_PACKET = 832
"What a G.711 packet costs in the kernel's accounts (measured)."
_PASSING = frozenset({errno.EAGAIN, errno.ENOBUFS, errno.ENOMEM})
"Errors of the host: what is left of the batch has no better chance."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False)
class Datagrams:
    """What was received; valid until the next receive."""

    data: Octets
    "Shape (n, 2048)."
    lengths: Integers
    "Bytes as sent, shape (n,)."
    sources: list[int]
    "`address_key` of each sender."


def socket_address(address: Address) -> Octets:
    """The kernel's sockaddr_in of a numeric address, shape (16,). Raises OSError, OverflowError."""
    family = struct.pack("=H", socket.AF_INET)
    packed = family + struct.pack("!H", address[1]) + socket.inet_aton(address[0]) + bytes(8)
    return np.frombuffer(packed, np.uint8)


def address_key(address: Address) -> int:
    """An address as one number, quick to look up."""
    return int(socket_address(address)[:8].view(np.uint64)[0])


def key_address(key: int) -> Address:
    packed = key.to_bytes(8, sys.byteorder)
    return socket.inet_ntoa(packed[4:]), int.from_bytes(packed[2:4], "big")


class MediaSocket(Protocol):
    """A non-blocking UDP socket. No error of a peer or the network ever raises."""

    unsent: int
    "Packets that the kernel refused."

    @property
    def address(self) -> Address: ...

    def receive(self) -> Datagrams:
        """What is there, at most BATCH datagrams."""

    def send(self, packets: Octets, destinations: Octets) -> None:
        """One datagram per row, shape (n, bytes), to the socket addresses, shape (n, 16)."""

    def close(self) -> None: ...


def open_socket(bind: str, port: int, rows: int) -> MediaSocket:
    """A socket for this many media. Raises OSError when the address cannot be bound."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        endpoint.bind((bind, port))
        endpoint.setblocking(False)
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WANTED_BUFFER)
    except OSError:
        endpoint.close()
        raise
    given = endpoint.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    needed = rows // 2 * _BYTES_PER_PACKET
    if given < needed:
        log.warning("receive_buffer_small", given=given, needed=needed, hint="net.core.rmem_max")
    libc = _libc()
    return BatchSocket(endpoint, libc, rows) if libc else PlainSocket(endpoint)


def _libc() -> ctypes.PyDLL | None:
    """The C library, where it has the batched calls with the structures that we know."""
    if sys.platform != "linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    libc = ctypes.PyDLL(None, use_errno=True)
    return libc if hasattr(libc, "recvmmsg") and hasattr(libc, "sendmmsg") else None


class PlainSocket:
    """One system call per datagram: works everywhere."""

    def __init__(self, endpoint: socket.socket) -> None:
        self._endpoint = endpoint
        self._data = np.zeros((BATCH, DATAGRAM_BYTES), np.uint8)
        self.unsent = 0

    @property
    def address(self) -> Address:
        host, port = self._endpoint.getsockname()
        return host, port

    def receive(self) -> Datagrams:
        lengths: list[int] = []
        sources: list[int] = []
        for _ in range(BATCH):
            try:
                length, source = self._endpoint.recvfrom_into(self._data[len(lengths)])
            except BlockingIOError:
                break
            except OSError:  # an ICMP error of some earlier datagram
                continue
            lengths.append(length)
            sources.append(address_key(source))
        return Datagrams(self._data[: len(lengths)], np.array(lengths, np.int64), sources)

    def send(self, packets: Octets, destinations: Octets) -> None:
        for packet, key in zip(packets, destinations[:, :8].view(np.uint64)[:, 0], strict=True):
            try:
                self._endpoint.sendto(packet, key_address(int(key)))
            except OSError:
                self.unsent += 1

    def close(self) -> None:
        self._endpoint.close()


_VECTOR = np.dtype([("base", np.uint64), ("length", np.uint64)])
_MESSAGE = np.dtype(  # struct mmsghdr on 64-bit Linux
    [
        ("name", np.uint64),
        ("name_length", np.uint32),
        ("_1", np.uint32),
        ("vectors", np.uint64),
        ("vector_count", np.uint64),
        ("control", np.uint64),
        ("control_length", np.uint64),
        ("flags", np.uint32),
        ("_2", np.uint32),
        ("length", np.uint32),
        ("_3", np.uint32),
    ]
)


class _Batch:
    """Message headers for up to `count` datagrams, each with one address and one stretch."""

    def __init__(self, count: int) -> None:
        self.names = np.zeros((count, 16), np.uint8)
        self.vectors = np.zeros(count, _VECTOR)
        self.messages = np.zeros(count, _MESSAGE)
        steps = np.arange(count, dtype=np.uint64)
        self.messages["name"] = self.names.ctypes.data + 16 * steps
        self.messages["name_length"] = 16
        self.messages["vectors"] = self.vectors.ctypes.data + _VECTOR.itemsize * steps
        self.messages["vector_count"] = 1

    def point(self, data: Octets) -> None:
        """Let each message read or write one row of data."""
        count, size = data.shape
        steps = np.arange(count, dtype=np.uint64)
        self.vectors["base"][:count] = data.ctypes.data + data.strides[0] * steps
        self.vectors["length"][:count] = size


class BatchSocket(PlainSocket):
    """recvmmsg and sendmmsg."""

    def __init__(self, endpoint: socket.socket, libc: ctypes.PyDLL, rows: int) -> None:
        super().__init__(endpoint)
        self._receive, self._send = libc.recvmmsg, libc.sendmmsg
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        self._receive.argtypes = [integer, pointer, ctypes.c_uint, integer, pointer]
        self._send.argtypes = [integer, pointer, ctypes.c_uint, integer]
        self._number = endpoint.fileno()
        self._in, self._out = _Batch(BATCH), _Batch(max(rows, 1))
        self._in.point(self._data)
        self._nothing = Datagrams(self._data[:0], np.zeros(0, np.int64), [])
        self._in_pointer = self._in.messages.ctypes.data
        self._out_pointer = self._out.messages.ctypes.data

    def receive(self) -> Datagrams:
        count = self._receive(self._number, self._in_pointer, BATCH, socket.MSG_DONTWAIT, None)
        if count <= 0:  # mostly nothing is there
            return self._nothing
        return Datagrams(
            self._data[:count],
            self._in.messages["length"][:count].astype(np.int64),
            self._in.names.view(np.uint64)[:count, 0].tolist(),
        )

    def send(self, packets: Octets, destinations: Octets) -> None:
        done, count = 0, len(packets)
        self._out.point(packets)
        self._out.names[:count] = destinations
        while done < count:
            pointer = self._out_pointer + done * _MESSAGE.itemsize
            sent = self._send(self._number, pointer, count - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
            elif ctypes.get_errno() in _PASSING:
                self.unsent += count - done
                return
            elif ctypes.get_errno() != errno.EINTR:  # this peer's error: go on with the next
                self.unsent += 1
                done += 1
