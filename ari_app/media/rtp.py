"""RTP packets (RFC 3550 §5.1) and telephone events (RFC 4733 §2.3).

Two readers with equal results: `Packet.parse` for one packet, `read_headers` for a matrix that
holds one datagram per row. What `parse` refuses is exactly what `read_headers` marks not ok.
"""

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ari_app.errors import MalformedPacket
from ari_app.media.serial import Integers

Octets = NDArray[np.uint8]

HEADER_BYTES = 12
"The fixed part of the header; contributing sources and an extension may follow."

DIGITS = "0123456789*#ABCD"
"The keys in the order of their event codes, RFC 4733 §3.2, table 3."

_VERSION = 2
_HEADER = struct.Struct("!BBHLL")
_EXTENSION = struct.Struct("!HH")
_EVENT = struct.Struct("!BBH")
_ROW = np.dtype(
    [("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")]
)


def _in_range(what: str, value: int, limit: int) -> None:
    if not 0 <= value < limit:
        raise ValueError(f"{what} is {value}, expected 0 to {limit - 1}")


@dataclass(frozen=True)
class Extension:
    """A header extension (RFC 3550 §5.3.1), opaque to us."""

    profile: int
    "16 bits that the profile defines."
    data: bytes
    "A multiple of 4 bytes."

    def __post_init__(self) -> None:
        _in_range("extension profile", self.profile, 1 << 16)
        _in_range("words of extension", len(self.data) // 4, 1 << 16)
        if len(self.data) % 4:
            raise ValueError(f"extension data has {len(self.data)} bytes, expected a multiple of 4")


@dataclass(frozen=True)
class Packet:
    """One RTP packet. Making one with a field out of range is a ValueError."""

    payload_type: int
    "7 bits, RFC 3551 §6."
    sequence: int
    "16 bits, wraps."
    timestamp: int
    "32 bits, wraps; in samples."
    ssrc: int
    "32 bits, who sends."
    payload: bytes = b""
    marker: bool = False
    "The first packet of a talkspurt (RFC 3551 §4.1) or of a telephone event."
    csrc: tuple[int, ...] = ()
    "Up to 15 contributing sources."
    extension: Extension | None = None
    padding: int = 0
    "Bytes after the payload, the count included; 0 to 255."

    def __post_init__(self) -> None:
        _in_range("payload type", self.payload_type, 1 << 7)
        _in_range("sequence", self.sequence, 1 << 16)
        _in_range("timestamp", self.timestamp, 1 << 32)
        _in_range("ssrc", self.ssrc, 1 << 32)
        _in_range("count of csrc", len(self.csrc), 1 << 4)
        _in_range("padding", self.padding, 1 << 8)
        for source in self.csrc:
            _in_range("csrc", source, 1 << 32)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read one datagram. Raises MalformedPacket that names what was wrong."""
        if len(data) < HEADER_BYTES:
            raise MalformedPacket(f"RTP header: {len(data)} bytes, expected at least 12")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first >> 6 != _VERSION:
            raise MalformedPacket(f"RTP version: {first >> 6}, expected 2")
        csrc, offset = _parse_csrc(data, first & 0x0F)
        extension = None
        if first & 0x10:
            extension, offset = _parse_extension(data, offset)
        padding = _parse_padding(data, offset) if first & 0x20 else 0
        return cls(
            payload_type=second & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=bytes(data[offset : len(data) - padding]),
            marker=bool(second & 0x80),
            csrc=csrc,
            extension=extension,
            padding=padding,
        )

    def __bytes__(self) -> bytes:
        first = _VERSION << 6 | bool(self.padding) << 5 | (self.extension is not None) << 4
        second = self.marker << 7 | self.payload_type
        parts = [
            _HEADER.pack(first | len(self.csrc), second, self.sequence, self.timestamp, self.ssrc),
            struct.pack(f"!{len(self.csrc)}L", *self.csrc),
        ]
        if self.extension is not None:
            data = self.extension.data
            parts += [_EXTENSION.pack(self.extension.profile, len(data) // 4), data]
        parts.append(self.payload)
        if self.padding:
            parts.append(bytes(self.padding - 1) + bytes([self.padding]))
        return b"".join(parts)


def _parse_csrc(data: bytes, count: int) -> tuple[tuple[int, ...], int]:
    end = HEADER_BYTES + 4 * count
    if end > len(data):
        raise MalformedPacket(f"RTP csrc: {count} announced, {len(data) - HEADER_BYTES} bytes left")
    return struct.unpack_from(f"!{count}L", data, HEADER_BYTES), end


def _parse_extension(data: bytes, offset: int) -> tuple[Extension, int]:
    begin = offset + _EXTENSION.size
    if begin > len(data):
        raise MalformedPacket(f"RTP extension: header needs 4 bytes, {len(data) - offset} left")
    profile, words = _EXTENSION.unpack_from(data, offset)
    end = begin + 4 * words
    if end > len(data):
        raise MalformedPacket(
            f"RTP extension: {4 * words} bytes announced, {len(data) - begin} left"
        )
    return Extension(profile, bytes(data[begin:end])), end


def _parse_padding(data: bytes, offset: int) -> int:
    left = len(data) - offset
    padding = data[-1]
    if not 1 <= padding <= left:
        raise MalformedPacket(f"RTP padding: {padding} bytes announced, expected 1 to {left}")
    return padding


@dataclass(frozen=True)
class TelephoneEvent:
    """The payload of a telephone-event packet (RFC 4733 §2.3)."""

    event: int
    "0 to 255; a key's is its place in DIGITS."
    duration: int
    "Samples since the packet's timestamp; 16 bits."
    end: bool = False
    "The key is up; sent three times (§2.5.1.4)."
    volume: int = 10
    "Power level, dBm0 with the sign dropped; 0 to 63."

    def __post_init__(self) -> None:
        _in_range("event", self.event, 1 << 8)
        _in_range("duration", self.duration, 1 << 16)
        _in_range("volume", self.volume, 1 << 6)

    @property
    def digit(self) -> str:
        """The key, one of DIGITS; '' for an event that is no key (flash, fax tones …)."""
        return DIGITS[self.event] if self.event < len(DIGITS) else ""

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read the payload; the reserved bit is ignored. Raises MalformedPacket."""
        if len(payload) != _EVENT.size:
            raise MalformedPacket(f"telephone event: {len(payload)} bytes, expected 4")
        event, flags, duration = _EVENT.unpack(payload)
        return cls(event=event, duration=duration, end=bool(flags & 0x80), volume=flags & 0x3F)

    def __bytes__(self) -> bytes:
        return _EVENT.pack(self.event, self.end << 7 | self.volume, self.duration)


@dataclass(frozen=True, eq=False)
class Headers:
    """The headers of many packets; every array has shape (n,). Look only at rows that are ok."""

    ok: NDArray[np.bool_]
    "The row is an RTP packet that `Packet.parse` accepts."
    payload_type: Integers
    marker: NDArray[np.bool_]
    sequence: Integers
    timestamp: Integers
    ssrc: Integers
    offset: Integers
    "Where the payload begins in its row."
    length: Integers
    "Bytes of payload, padding excluded; 0 where not ok."


def read_headers(rows: Octets, lengths: Integers) -> Headers:
    """Read the header of every row at once.

    rows: datagrams, shape (n, size), size ≥ 12; lengths: bytes received per row, shape (n,).
    A row whose length exceeds the size was cut off by the reader, and is not ok.
    """
    fixed = np.ascontiguousarray(rows[:, :HEADER_BYTES]).view(_ROW)[:, 0]
    first, second = fixed["first"], fixed["second"]
    offset = HEADER_BYTES + 4 * (first & 0x0F).astype(np.int64)
    ok = (first >> 6 == _VERSION) & (lengths <= rows.shape[1])
    end = lengths
    if (first & 0x30).any():  # extensions and padding are rare: most steps end here
        offset = _skip_extensions(rows, offset, (first & 0x10) != 0)
        end, padded = _cut_padding(rows, lengths, (first & 0x20) != 0)
        ok &= padded
    ok &= offset <= end
    return Headers(
        ok=ok,
        payload_type=(second & 0x7F).astype(np.int64),
        marker=second >= 0x80,
        sequence=fixed["sequence"].astype(np.int64),
        timestamp=fixed["timestamp"].astype(np.int64),
        ssrc=fixed["ssrc"].astype(np.int64),
        offset=offset,
        length=np.where(ok, end - offset, 0),
    )


def _at(rows: Octets, column: Integers) -> Integers:
    """The octet at one column of each row; columns outside are clipped, callers check lengths."""
    column = np.clip(column, 0, rows.shape[1] - 1)
    return rows[np.arange(len(rows)), column].astype(np.int64)


def _skip_extensions(rows: Octets, offset: Integers, extended: NDArray[np.bool_]) -> Integers:
    """Where an extension's own header is past the end, its words are too: not ok either way."""
    words = _at(rows, offset + 2) << 8 | _at(rows, offset + 3)
    return np.where(extended, offset + _EXTENSION.size + 4 * words, offset)


def _cut_padding(
    rows: Octets, lengths: Integers, padded: NDArray[np.bool_]
) -> tuple[Integers, NDArray[np.bool_]]:
    padding = np.where(padded, _at(rows, lengths - 1), 0)
    return lengths - padding, ~padded | (padding > 0)


def write_headers(
    rows: Octets,
    *,
    payload_type: Integers | int,
    sequence: Integers,
    timestamp: Integers,
    ssrc: Integers,
    marker: NDArray[np.bool_] | bool = False,
) -> None:
    """Write a 12-byte header to the front of every row, shape (n, ≥ 12), in place.

    Sequences and timestamps may be extended numbers: they are wrapped here. For a single packet
    pass a view of one row and arrays of one element.
    """
    fixed = np.empty(len(rows), _ROW)
    fixed["first"] = _VERSION << 6
    fixed["second"] = np.left_shift(marker, 7) | payload_type
    fixed["sequence"] = sequence & 0xFFFF
    fixed["timestamp"] = timestamp & 0xFFFFFFFF
    fixed["ssrc"] = ssrc
    rows[:, :HEADER_BYTES] = fixed.view(np.uint8).reshape(-1, HEADER_BYTES)
