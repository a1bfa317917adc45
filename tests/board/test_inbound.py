"""Datagrams in, reports out: no socket, no clock."""

import numpy as np
import pytest

from ari_app.board.addresses import Addresses
from ari_app.board.inbound import WORTH_A_MATRIX, Inbound
from ari_app.board.socket import Datagrams, address_key
from ari_app.media.g711 import CODECS
from ari_app.media.gate import Gate
from ari_app.media.rows import Rows
from ari_app.media.rtp import Extension, Packet
from ari_app.media.values import FrameHeard, MediaEvent

CODEC_OF = {0: "ulaw", 1: "alaw", 2: "slin"}


class Desk:
    """Three connected rows, one of each codec."""

    def __init__(self) -> None:
        self.rows = Rows(3)
        self.addresses = Addresses(3, {})
        self.events: list[tuple[int, MediaEvent]] = []
        self.inbound = Inbound(self.rows, self.addresses, Gate(self.rows), self._report)
        for row, codec in CODEC_OF.items():
            self.inbound.open(row, CODECS[codec])
            self.inbound.connect(row, 0.0)
            self.addresses.bind(row, ("127.0.0.1", 4000 + row))

    def _report(self, row: int, event: MediaEvent) -> None:
        self.events.append((row, event))

    def receive(self, *datagrams: tuple[int, bytes], now: float = 0.02) -> None:
        data = np.zeros((len(datagrams), 2048), np.uint8)
        for line, (_, octets) in zip(data, datagrams, strict=True):
            line[: len(octets)] = np.frombuffer(octets, np.uint8)
        lengths = np.array([len(octets) for _, octets in datagrams], np.int64)
        sources = [address_key(("127.0.0.1", 4000 + row)) for row, _ in datagrams]
        self.inbound.receive(Datagrams(data, lengths, sources), now)

    def heard(self, row: int) -> list[FrameHeard]:
        return [e for whose, e in self.events if whose == row and isinstance(e, FrameHeard)]


def speech(row: int, number: int = 0, **more: object) -> bytes:
    codec = CODECS[CODEC_OF[row]]
    samples = np.arange(160, dtype=np.int16) * (row + 1) + number
    payload = codec.encode(samples).tobytes()
    sequence, timestamp = (0xFFFD + number) & 0xFFFF, (2**32 - 320 + 160 * number) % 2**32
    return bytes(Packet(codec.payload_type, sequence, timestamp, 7, payload, **more))  # type: ignore[arg-type]


def expected(row: int, number: int) -> list[int]:
    codec = CODECS[CODEC_OF[row]]
    samples = np.arange(160, dtype=np.int16) * (row + 1) + number
    return codec.decode(codec.encode(samples)).tolist()


@pytest.mark.parametrize("packets", [1, 2 * WORTH_A_MATRIX])
def test_every_codec_is_read_in_small_batches_and_in_large_ones(packets: int) -> None:
    desk = Desk()
    for first in range(0, 12, packets):
        numbers = range(first, first + packets)
        desk.receive(*((row, speech(row, number)) for number in numbers for row in CODEC_OF))
    for row in CODEC_OF:
        assert [f.samples.tolist() for f in desk.heard(row)] == [
            expected(row, number) for number in range(12)
        ]


def test_extensions_sources_and_padding_are_skipped() -> None:
    desk = Desk()
    desk.receive((0, speech(0, 0, extension=Extension(1, bytes(8)), csrc=(1, 2), padding=7)))
    assert [f.samples.tolist() for f in desk.heard(0)] == [expected(0, 0)]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x80" * 11,
        bytes(172),  # version 0
        bytes(Packet(10, 1, 1, 7)),  # nothing in it
        bytes(Packet(10, 1, 1, 7, bytes(321))),  # half a sample
        bytes(Packet(10, 1, 1, 7, bytes(962))),  # over 60 ms
        bytes(Packet(10, 1, 1, 7, bytes(2036))),  # cut off by the reader
    ],
)
@pytest.mark.parametrize("company", [0, WORTH_A_MATRIX])
def test_what_cannot_be_is_counted_and_dropped(octets: bytes, company: int) -> None:
    desk = Desk()
    desk.receive((2, octets), *[(0, speech(0, number)) for number in range(company)])
    assert desk.rows.malformed.tolist() == [0, 0, 1]
    assert desk.heard(2) == []
    assert len(desk.heard(0)) == company


def test_other_payload_types_are_neither_speech_nor_malformed() -> None:
    desk = Desk()
    for payload_type in (8, 13, 101):
        desk.receive((0, bytes(Packet(payload_type, 1, 1, 7, bytes(160)))))
    assert desk.heard(0) == []
    assert not desk.rows.malformed.any()


def test_another_source_begins_a_new_measurement_of_jitter() -> None:
    desk = Desk()
    for number in range(10):
        desk.receive((0, speech(0, number)), now=0.02 * number)
    desk.inbound.jitter.seconds[0] = 0.01
    for number in range(2):  # the first is not believed yet
        assert desk.inbound.jitter.seconds[0] == 0.01
        desk.receive((0, bytes(Packet(0, 100 + number, 77, 8, bytes(160)))), now=0.2)
    assert desk.inbound.jitter.seconds[0] == 0
