"""A UDP socket on the event loop whose datagrams carry the kernel's time of arrival.

So a loop that was busy when a packet came does not make the packet late.
"""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

from ari_app.phone.port import Address

SO_TIMESTAMPNS = 35
"Linux: time stamps in nanoseconds as ancillary data (socket(7)); Python 3.11 has no name for it."
TIMESPEC = struct.Struct("@ll")
Receive = Callable[[bytes, Address, float], None]
"Datagram, who sent it, and when it arrived (monotonic seconds)."


class Socket:
    """Bound and non-blocking; must be closed."""

    def __init__(self, bind: Address, receive: Receive) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self.lost = 0
        "Datagrams that the kernel did not take, lost as a network loses them."
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            self._socket.bind(bind)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket.fileno(), self._readable)

    @property
    def address(self) -> Address:
        host, port = self._socket.getsockname()
        return host, port

    def send(self, data: bytes, peer: Address) -> None:
        """Send, or lose; a retransmission is the protocol's business."""
        try:
            self._socket.sendto(data, peer)
        except OSError:
            self.lost += 1

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _readable(self) -> None:
        """Drain the socket; a receiver may close it meanwhile."""
        while self._socket.fileno() >= 0:
            try:
                data, ancillary, _, peer = self._socket.recvmsg(65535, 64)
            except BlockingIOError:
                return
            self._receive(data, peer, _arrival(ancillary))


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> float:
    """Monotonic seconds of the kernel's stamp; now, where there is none."""
    now = time.monotonic()
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(data) >= TIMESPEC.size:
            seconds, nanoseconds = TIMESPEC.unpack_from(data)
            age: float = max(0.0, time.time() - seconds - nanoseconds * 1e-9)
            return now - age
    return now
