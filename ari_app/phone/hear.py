"""The phone's incoming stream: what came, when, and which keys; pure."""

from dataclasses import dataclass, field

from ari_app.errors import MalformedPacket
from ari_app.media.rtp import Packet, TelephoneEvent
from ari_app.phone.talk import CODECS, decode
from ari_app.phone.timeline import STRAY, STRAY_AT_MARKER, Timeline


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


@dataclass
class Hear:
    """The phone's incoming stream."""

    audio: Timeline = field(default_factory=Timeline)
    event_type: int | None = 101
    packets: list[Arrival] = field(default_factory=list)
    digits: str = ""
    malformed: int = 0
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
            stray = STRAY_AT_MARKER if packet.marker else STRAY
            self.audio.place(samples, at, packet.timestamp, packet.ssrc, stray)

    def _press(self, event: TelephoneEvent, timestamp: int) -> None:
        if timestamp != self._event:
            self._event = timestamp
            self.digits += event.digit
