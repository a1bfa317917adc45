import numpy as np
import pytest

from ari_app.board.addresses import Addresses
from ari_app.board.beat import LANES
from ari_app.board.outbound import Outbound
from ari_app.board.socket import Address, key_address
from ari_app.media.g711 import CODECS
from ari_app.media.gate import Gate
from ari_app.media.playout import Playout
from ari_app.media.rows import Rows
from ari_app.media.rtp import Octets, Packet
from ari_app.media.serial import Integers
from ari_app.media.values import Played, Samples
from tests.board.test_engine import FakeSocket
from tests.support.audio import tone


class Wire(FakeSocket):
    """Keeps packets by destination."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[Address, list[Packet]] = {}

    def send(self, packets: Octets, destinations: Octets) -> None:
        for packet, to in zip(packets, destinations, strict=True):
            address = key_address(int(to[:8].view(np.uint64)[0]))
            self.sent.setdefault(address, []).append(Packet.parse(packet.tobytes()))


class Desk:
    def __init__(self, rows: int = 12) -> None:
        self.now = 10.0
        self.rows = Rows(rows)
        self.wire = Wire()
        self.addresses = Addresses(rows, {})
        self.playout = Playout(self.rows, 0.0)
        self.reports: list[tuple[int, object]] = []
        self.outbound = Outbound(
            self.rows,
            addresses=self.addresses,
            socket=self.wire,
            playout=self.playout,
            gate=Gate(self.rows),
            report=lambda row, event: self.reports.append((row, event)),
            clock=lambda: self.now,
        )

    def connect(self, row: int, codec: str) -> Address:
        address = ("127.0.0.1", 4000 + row)
        self.addresses.bind(row, address)
        self.outbound.connect(row, CODECS[codec])
        self.outbound.pace.connect(row, ssrc=row, sequence=0xFFFD, timestamp=0)
        return address

    def send(self, lane: int, deadline: float) -> list[int]:
        """The rows that sent."""
        sent: list[int] = []

        def note(sending: Integers, frames: Samples) -> None:
            sent.extend(sending.tolist())

        self.now = deadline + 0.001
        self.outbound.send(lane, deadline, note)
        return sent


def test_rows_share_lanes_by_their_number() -> None:
    desk = Desk()
    for row in range(12):
        desk.connect(row, "ulaw")
    lanes = [desk.send(lane, 10.0) for lane in range(LANES)]
    assert lanes == [[0, 5, 10], [1, 6, 11], [2, 7], [3, 8], [4, 9]]


def test_codecs_of_one_lane_do_not_mix() -> None:
    desk = Desk()
    said = tone(440, 0.02)
    remotes = {codec: desk.connect(5 * n, codec) for n, codec in enumerate(CODECS)}
    for row in range(0, 15, 5)[: len(CODECS)]:
        desk.playout.play(row, "a", said)
    desk.send(0, 10.0)
    for name, remote in remotes.items():
        [packet] = desk.wire.sent[remote]
        assert packet.payload_type == CODECS[name].payload_type
        assert packet.payload == CODECS[name].encode(said).tobytes()


def test_what_was_said_before_is_not_said_again_in_silence() -> None:
    desk = Desk()
    remote = desk.connect(0, "slin")
    desk.playout.play(0, "a", tone(440, 0.02))
    desk.playout.finish(0, "a")
    for beat in range(3):
        desk.send(0, 10.0 + 0.02 * beat)
    assert [any(packet.payload) for packet in desk.wire.sent[remote]] == [True, False, False]
    assert desk.reports == [(0, Played("a", 0.02, "finished"))]


def test_the_worst_lateness_is_kept() -> None:
    desk = Desk()
    desk.connect(0, "ulaw")
    for deadline in (10.0, 10.02, 10.052, 10.06):
        desk.send(0, deadline)
    assert desk.rows.send_lateness[0] == pytest.approx(0.013)


def test_a_closed_row_sends_nothing() -> None:
    desk = Desk()
    desk.connect(0, "ulaw")
    desk.outbound.close(0)
    assert desk.send(0, 10.0) == []


def test_every_frame_that_was_due_is_in_the_histogram_of_lateness() -> None:
    desk = Desk()
    desk.connect(0, "ulaw")
    desk.connect(5, "ulaw")
    for beat in range(4):
        desk.send(0, 10.0 + 0.02 * beat)
    seen = desk.outbound.lateness.seen()
    assert sum(seen.counts) == 6, "the first frame of a stream has no deadline"
    assert seen.seconds == pytest.approx(0.006)
