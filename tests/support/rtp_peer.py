"""A far side for the board: a UDP socket that sends RTP and keeps what it receives."""

import asyncio
import socket
import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from ari_app.errors import MalformedPacket
from ari_app.media.g711 import CODECS
from ari_app.media.rtp import Octets, Packet
from ari_app.media.values import Samples

Address = tuple[str, int]
FRAME = 160


@dataclass(frozen=True)
class Arrival:
    """A packet that the peer received."""

    at: float
    "Monotonic seconds."
    packet: Packet


class RtpPeer(asyncio.DatagramProtocol):
    """One end of an RTP session on loopback, as Asterisk's UnicastRTP channel is one.

    async with RtpPeer(codec="ulaw") as peer: …
    """

    def __init__(self, codec: str = "ulaw", host: str = "127.0.0.1") -> None:
        self._codec = CODECS[codec]
        self._host = host
        self.arrivals: list[Arrival] = []
        self.sequence = 0xFFFD
        self.timestamp = 2**32 - 320
        self.ssrc = 7

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        endpoint.bind((self._host, 0))
        endpoint.setblocking(False)
        self.address: Address = endpoint.getsockname()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=endpoint)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()
        await asyncio.sleep(0)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            self.arrivals.append(Arrival(time.monotonic(), Packet.parse(data)))
        except MalformedPacket as error:
            raise AssertionError(f"the board sent what is not RTP: {data!r}") from error

    def send_raw(self, data: bytes, to: Address) -> None:
        self._transport.sendto(data, to)

    def send(self, samples: Samples, to: Address) -> None:
        """One packet of these samples, the next in sequence and time."""
        packet = Packet(
            payload_type=self._codec.payload_type,
            sequence=self.sequence & 0xFFFF,
            timestamp=self.timestamp & 0xFFFFFFFF,
            ssrc=self.ssrc,
            payload=self._codec.encode(samples).tobytes(),
        )
        self.sequence += 1
        self.timestamp += len(samples)
        self.send_raw(bytes(packet), to)

    async def talk(self, samples: Samples, to: Address, *, size: int = FRAME) -> None:
        """Send a stretch of audio in real time, in packets of `size` samples."""
        begin = time.monotonic()
        for offset in range(0, len(samples), size):
            self.send(samples[offset : offset + size], to)
            due = begin + (offset + size) / 8000
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def pause(self, seconds: float) -> None:
        """Nothing was sent for so long (DTX): the next packet's timestamp leaps."""
        self.timestamp += round(seconds * 8000)

    @property
    def heard(self) -> Samples:
        """All that was received, one packet after the other."""
        payloads: list[Octets] = [
            np.frombuffer(arrival.packet.payload, np.uint8) for arrival in self.arrivals
        ]
        return (
            np.concatenate([self._codec.decode(p) for p in payloads])
            if payloads
            else (np.zeros(0, np.int16))
        )

    async def received(self, count: int, timeout: float = 5.0) -> list[Arrival]:
        """Wait until so many packets have come in all."""
        async with asyncio.timeout(timeout):
            while len(self.arrivals) < count:
                await asyncio.sleep(0.004)
        return self.arrivals
