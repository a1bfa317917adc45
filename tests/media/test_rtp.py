"""RTP packets survive the wire, and bytes that are none are refused by both readers alike."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ari_app.errors import MalformedPacket
from ari_app.media.rtp import (
    DIGITS,
    Extension,
    Packet,
    TelephoneEvent,
    read_headers,
    write_headers,
)

WORDS = st.integers(0, 2**32 - 1)
EXTENSIONS = st.builds(
    Extension,
    st.integers(0, 0xFFFF),
    st.integers(0, 8).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
)
PACKETS = st.builds(
    Packet,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=WORDS,
    ssrc=WORDS,
    payload=st.binary(max_size=64),
    marker=st.booleans(),
    csrc=st.lists(WORDS, max_size=15).map(tuple),
    extension=st.none() | EXTENSIONS,
    padding=st.integers(0, 255),
)
# Random bytes are seldom RTP: half of the datagrams begin with a version that is right.
DATAGRAMS = st.binary(max_size=80) | st.builds(
    lambda flags, rest: bytes([0x80 | flags]) + rest, st.integers(0, 63), st.binary(max_size=80)
)


def test_a_packet_on_the_wire_is_as_the_rfc_draws_it() -> None:
    packet = Packet(
        payload_type=8, sequence=0x0102, timestamp=0x03040506, ssrc=0x0708090A,
        payload=b"speech", marker=True, csrc=(1, 2), extension=Extension(0xBEDE, b"abcd"),
        padding=4,
    )  # fmt: skip
    assert bytes(packet) == bytes.fromhex(
        "b2 88 0102 03040506 0708090a 00000001 00000002 bede 0001 61626364"
    ) + b"speech" + bytes([0, 0, 0, 4])


@given(PACKETS)
def test_every_packet_survives_the_wire(packet: Packet) -> None:
    assert Packet.parse(bytes(packet)) == packet


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "0 bytes, expected at least 12"),
        (b"\x80" + bytes(10), "11 bytes, expected at least 12"),
        (b"\x40" + bytes(11), "version: 1, expected 2"),
        (b"\x82" + bytes(15), "csrc: 2 announced, 4 bytes left"),
        (b"\x90" + bytes(14), "extension: header needs 4 bytes, 3 left"),
        (b"\x90" + bytes(14) + b"\x02" + bytes(7), "extension: 8 bytes announced, 7 left"),
        (b"\xa0" + bytes(11), "padding: 0 bytes announced, expected 1 to 0"),
        (b"\xa0" + bytes(12), "padding: 0 bytes announced, expected 1 to 1"),
        (b"\xa0" + bytes(12) + b"\x03", "padding: 3 bytes announced, expected 1 to 2"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, named: str) -> None:
    with pytest.raises(MalformedPacket, match=named):
        Packet.parse(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payload_type", 128), ("sequence", -1), ("timestamp", 1 << 32), ("ssrc", -1),
        ("padding", 256), ("csrc", (0,) * 16), ("csrc", (1 << 32,)),
    ],
)  # fmt: skip
def test_a_packet_that_cannot_be_written_cannot_be_made(field: str, value: object) -> None:
    fields: dict[str, object] = {"payload_type": 0, "sequence": 0, "timestamp": 0, "ssrc": 0}
    with pytest.raises(ValueError, match="expected 0 to"):
        Packet(**{**fields, field: value})  # type: ignore[arg-type]


@given(DATAGRAMS)
def test_any_bytes_are_a_packet_or_refused(data: bytes) -> None:
    try:
        packet = Packet.parse(data)
    except MalformedPacket:
        return
    assert Packet.parse(bytes(packet)) == packet


@given(st.lists(DATAGRAMS | PACKETS.map(bytes), max_size=8), st.integers(12, 120))
@example([b"\x90" + bytes(14) + b"\x01"], 16)
@example([b"\xa0" + bytes(11)], 12)
def test_the_matrix_reader_agrees_with_the_scalar_one(datagrams: list[bytes], size: int) -> None:
    rows = np.full((len(datagrams), size), 0xB5, np.uint8)  # stale bytes of earlier datagrams
    for row, data in zip(rows, datagrams, strict=True):
        row[: len(data)] = np.frombuffer(data[:size], np.uint8)
    headers = read_headers(rows, np.array([len(data) for data in datagrams], np.int64))
    for i, data in enumerate(datagrams):
        try:
            packet = Packet.parse(data)
        except MalformedPacket:
            assert not headers.ok[i]
            continue
        if len(data) > size:
            assert not headers.ok[i], "cut off"
            continue
        assert headers.ok[i]
        begin, length = headers.offset[i], headers.length[i]
        assert rows[i, begin : begin + length].tobytes() == packet.payload
        assert headers.payload_type[i] == packet.payload_type
        assert headers.marker[i] == packet.marker
        assert headers.sequence[i] == packet.sequence
        assert headers.timestamp[i] == packet.timestamp
        assert headers.ssrc[i] == packet.ssrc


@given(st.lists(PACKETS, max_size=8))
def test_headers_written_as_a_matrix_equal_packets(packets: list[Packet]) -> None:
    rows = np.zeros((len(packets), 20), np.uint8)

    def column(name: str) -> np.ndarray:
        return np.array([getattr(packet, name) for packet in packets], np.int64)

    wrapped = 5 << 32  # extended numbers are welcome
    write_headers(
        rows,
        payload_type=column("payload_type"),
        sequence=column("sequence") + wrapped,
        timestamp=column("timestamp") + wrapped,
        ssrc=column("ssrc"),
        marker=column("marker").astype(bool),
    )
    for row, packet in zip(rows, packets, strict=True):
        plain = Packet(
            packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc, bytes(8),
            packet.marker,
        )  # fmt: skip
        assert row.tobytes() == bytes(plain)


@given(
    st.builds(
        TelephoneEvent,
        event=st.integers(0, 255),
        duration=st.integers(0, 0xFFFF),
        end=st.booleans(),
        volume=st.integers(0, 63),
    )
)
def test_every_telephone_event_survives_the_wire(event: TelephoneEvent) -> None:
    assert TelephoneEvent.parse(bytes(event)) == event


def test_a_telephone_event_on_the_wire_is_as_the_rfc_draws_it() -> None:
    event = TelephoneEvent(event=DIGITS.index("#"), duration=0x0320, end=True, volume=10)
    assert bytes(event) == bytes.fromhex("0b 8a 0320")
    assert event.digit == "#"
    assert TelephoneEvent(event=16, duration=0).digit == "", "a hook flash is no key"


@given(st.binary(max_size=8))
def test_any_bytes_are_a_telephone_event_or_refused(data: bytes) -> None:
    if len(data) == 4:
        TelephoneEvent.parse(data)
    else:
        with pytest.raises(MalformedPacket, match="expected 4"):
            TelephoneEvent.parse(data)
