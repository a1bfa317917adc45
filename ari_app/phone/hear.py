"""Where on a real timeline does what arrives belong? Pure.

A stream's first packet stands where it arrived. The others follow by their timestamps, so that
jitter does not cut the audio up, until they stray too far from their arrival: then the stream has
jumped and is put where it arrives again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from ari_app.errors import MalformedPacket
from ari_app.media.rtp import Packet, TelephoneEvent
from ari_app.media.serial import timestamp_distance
from ari_app.media.values import Samples
from ari_app.phone.port import RATE
from ari_app.phone.talk import CODECS, decode

STRAY = 0.2
"So far from its arrival a packet may be placed by its timestamp, seconds."
STRAY_AT_MARKER = 0.04
"The same at the begin of a talkspurt, where a jump is allowed."


@dataclass(frozen=True)
class Arrival:
    """One packet, as it came."""

    at: float
    "Monotonic seconds."
    sequence: int
    timestamp: int
    marker: bool
    payload_type: int
    length: int
    "Bytes of payload."


@dataclass(frozen=True, eq=False)
class Piece:
    """Audio with its place. Pieces of one anchor join without a seam, whatever the rounding."""

    anchor: float
    "Monotonic seconds."
    offset: int
    "Samples after the anchor."
    samples: Samples


@dataclass
class Hear:
    """The phone's incoming stream."""

    event_type: int | None = 101
    packets: list[Arrival] = field(default_factory=list)
    digits: str = ""
    malformed: int = 0
    _pieces: list[Piece] = field(default_factory=list)
    _anchor: tuple[int, int, float] | None = None
    "SSRC, timestamp and monotonic seconds of a packet that was put where it arrived."
    _event: int | None = None
    "Timestamp of the last telephone-event."

    def receive(self, data: bytes, at: float) -> None:
        """A datagram. What is no RTP is counted and dropped."""
        try:
            packet = Packet.parse(data)
            event = None
            if packet.payload_type == self.event_type:
                event = TelephoneEvent.parse(packet.payload)
        except MalformedPacket:
            self.malformed += 1
            return
        self.packets.append(
            Arrival(
                at,
                packet.sequence,
                packet.timestamp,
                packet.marker,
                packet.payload_type,
                len(packet.payload),
            )
        )
        if event is not None:
            self._press(event, packet.timestamp)
        elif packet.payload_type in CODECS:
            samples = decode(packet.payload, packet.payload_type)
            self._pieces.append(Piece(*self._place(packet, at), samples))

    def timeline(self, begin: float, end: float) -> Samples:
        """What was heard between two monotonic seconds, silence where nothing came."""
        return assemble(self._pieces, begin, end)

    def _press(self, event: TelephoneEvent, timestamp: int) -> None:
        if timestamp != self._event:
            self._event = timestamp
            self.digits += event.digit

    def _place(self, packet: Packet, at: float) -> tuple[float, int]:
        if self._anchor is not None and self._anchor[0] == packet.ssrc:
            _, timestamp, anchored = self._anchor
            offset = timestamp_distance(packet.timestamp, timestamp)
            stray = STRAY_AT_MARKER if packet.marker else STRAY
            if abs(at - anchored - offset / RATE) <= stray:
                return anchored, offset
        self._anchor = (packet.ssrc, packet.timestamp, at)
        return at, 0


def assemble(pieces: Iterable[Piece], begin: float, end: float) -> Samples:
    """Pieces laid onto silence between two monotonic seconds, at 8 kHz."""
    total = max(0, round((end - begin) * RATE))
    timeline = np.zeros(total, np.int16)
    for piece in pieces:
        start = round((piece.anchor - begin) * RATE) + piece.offset
        first, last = max(0, -start), min(len(piece.samples), total - start)
        if first < last:
            timeline[start + first : start + last] = piece.samples[first:last]
    return timeline
