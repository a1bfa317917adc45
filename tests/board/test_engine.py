"""Beats without waiting: a clock and a socket that are ours."""

import numpy as np
import pytest

from ari_app.board import messages
from ari_app.board.beat import LANES, SECONDS
from ari_app.board.engine import Engine, Reports
from ari_app.board.socket import Address, Datagrams, address_key
from ari_app.media.g711 import ulaw_decode, ulaw_encode
from ari_app.media.rows import Rows
from ari_app.media.rtp import Octets, Packet
from ari_app.media.values import FrameHeard, Played, StreamClosed, TapPair
from tests.support.audio import tone

REMOTE: Address = ("127.0.0.1", 4000)


class FakeSocket:
    """Gives out what was put into it, keeps what is sent."""

    def __init__(self) -> None:
        self.unsent = 0
        self.address: Address = ("127.0.0.1", 5000)
        self.waiting: list[tuple[bytes, Address]] = []
        self.packets: list[Packet] = []

    def receive(self) -> Datagrams:
        data = np.zeros((len(self.waiting), 2048), np.uint8)
        for row, (packet, _) in zip(data, self.waiting, strict=True):
            row[: len(packet)] = np.frombuffer(packet, np.uint8)
        lengths = np.array([len(packet) for packet, _ in self.waiting], np.int64)
        sources = [address_key(source) for _, source in self.waiting]
        self.waiting.clear()
        return Datagrams(data, lengths, sources)

    def send(self, packets: Octets, destinations: Octets) -> None:
        self.packets += [Packet.parse(packet.tobytes()) for packet in packets]

    def close(self) -> None: ...


class Desk:
    """An engine whose beats we give, by a clock that we move."""

    def __init__(self, rows: int = 4) -> None:
        self.now = 100.0
        self.beat = 0
        self.start = self.now
        self.socket = FakeSocket()
        self.reports: Reports = []
        self.posts = 0
        self.engine = Engine(
            Rows(rows),
            self.socket,
            far_delay=0.06,
            seen_as={},
            post=self._post,
            clock=lambda: self.now,
        )

    def _post(self, reports: Reports) -> None:
        self.posts += 1
        self.reports += reports

    def tell(self, *told: messages.Message) -> None:
        self.engine.inbox.extend(told)

    def open(self, row: int = 0, remote: Address = REMOTE) -> None:
        self.tell(messages.Open(row, f"m{row}", "ulaw"), messages.Connect(row, remote))

    def run(self, seconds: float) -> list[Packet]:
        """Beat after beat for so long; what was sent meanwhile."""
        before = len(self.socket.packets)
        for _ in range(round(seconds / SECONDS)):
            self.now = self.start + self.beat * SECONDS
            self.engine.work(range(self.beat, self.beat + 1), self.start)
            self.beat += 1
        return self.socket.packets[before:]

    def stall(self, seconds: float) -> None:
        """The beat's thread does not run; then it does what `Beat` does after a stall."""
        missed = round(seconds / SECONDS)
        reached = self.beat + missed
        self.now = self.start + reached * SECONDS
        self.engine.work(range(max(self.beat, reached - LANES + 1), reached + 1), self.start)
        self.beat = reached + 1

    def of(self, kind: type) -> list[object]:
        return [report for _, report in self.reports if isinstance(report, kind)]


def timestamps(packets: list[Packet]) -> list[int]:
    first = packets[0].timestamp
    return [(packet.timestamp - first) & 0xFFFFFFFF for packet in packets]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_rows_are_spread_over_the_lanes_and_each_sends_once_in_20_ms() -> None:
    desk = Desk(rows=10)
    for row in range(10):
        desk.open(row, ("127.0.0.1", 4000 + row))
    assert [len(desk.run(SECONDS)) for _ in range(10)] == [2] * 10


def test_a_stall_of_30_ms_is_caught_up_and_repaid(desk: Desk) -> None:
    desk.open()
    desk.tell(messages.Play(0, "a", tone(440, 1.0)), messages.Finish(0, "a"))
    desk.run(0.4)
    desk.stall(0.03)
    desk.run(2.0 - desk.beat * SECONDS)
    packets = desk.socket.packets
    assert timestamps(packets) == [160 * n for n in range(len(packets))]
    assert [packet.marker for packet in packets].count(True) == 1
    speech = [p for p in packets if ulaw_decode(np.frombuffer(p.payload, np.uint8)).any()]
    assert len(speech) == 50
    assert len(packets) == 100 - 1  # one extra frame, one silence left out


def test_a_stall_of_200_ms_is_lost_time_but_no_lost_speech(desk: Desk) -> None:
    desk.open()
    desk.tell(messages.Play(0, "a", tone(440, 1.0)), messages.Finish(0, "a"))
    desk.run(0.4)
    desk.stall(0.2)
    desk.run(2.0 - desk.beat * SECONDS)
    packets = desk.socket.packets
    steps = np.diff(timestamps(packets))
    assert sorted(set(steps.tolist())) == [160, 160 * 11]
    assert [n for n, packet in enumerate(packets) if packet.marker] == [
        0,
        1 + int(np.argmax(steps)),
    ]
    heard = np.concatenate([ulaw_decode(np.frombuffer(p.payload, np.uint8)) for p in packets])
    begin = int(np.flatnonzero(heard)[0]) // 160 * 160
    assert np.array_equal(heard[begin : begin + 8000], ulaw_decode(ulaw_encode(tone(440, 1.0))))
    assert Played("a", 1.0, "finished") in desk.of(Played)


@pytest.mark.parametrize("stall", [0.03, 0.2])
def test_the_listener_s_stream_stays_in_real_time_over_a_stall(desk: Desk, stall: float) -> None:
    desk.open()
    desk.run(0.4)
    desk.stall(stall)
    desk.run(1.0 - desk.beat * SECONDS)
    frames = desk.of(FrameHeard)
    assert len(frames) == pytest.approx(50, abs=1)


def test_reports_are_posted_once_per_beat(desk: Desk) -> None:
    for row in range(4):
        desk.open(row, ("127.0.0.1", 4000 + row))
    desk.run(0.2)
    posts = desk.posts
    desk.run(SECONDS)
    assert desk.posts - posts <= 1


def test_a_packet_is_heard_in_the_beat_in_which_it_is_read(desk: Desk) -> None:
    desk.open()
    desk.run(SECONDS)
    packet = Packet(0, 0xFFFD, 2**32 - 160, 7, bytes([0x10]) * 160)
    desk.socket.waiting.append((bytes(packet), REMOTE))
    desk.run(SECONDS)
    [frame] = desk.of(FrameHeard)
    assert isinstance(frame, FrameHeard)
    assert (frame.kind, frame.at) == ("voice", 0.0)
    assert set(frame.samples.tolist()) == {int(ulaw_decode(np.array([0x10], np.uint8))[0])}


def test_many_packets_of_one_media_in_a_beat_are_heard_in_order(desk: Desk) -> None:
    for row in range(4):
        desk.open(row, ("127.0.0.1", 4000 + row))
    desk.run(0.2)
    desk.reports.clear()
    for beat in ([0], [1, 1, 3, 2, 2, 4]):
        for number in beat:
            sequence, timestamp = (0xFFFD + number) & 0xFFFF, (2**32 - 320 + 160 * number) % 2**32
            for row in range(4):
                packet = Packet(0, sequence, timestamp, 7, bytes([row + 16 * number]) * 160)
                desk.socket.waiting.append((bytes(packet), ("127.0.0.1", 4000 + row)))
        desk.run(SECONDS)
    for row in range(4):
        heard = [
            int(event.samples[-1])
            for media, event in desk.reports
            if media == f"m{row}" and isinstance(event, FrameHeard) and event.kind == "voice"
        ]
        codes = np.array([row + 16 * number for number in range(5)], np.uint8)
        assert heard == ulaw_decode(codes).tolist()
    desk.tell(messages.Close(2))
    desk.run(SECONDS)
    [closed] = desk.of(StreamClosed)
    assert isinstance(closed, StreamClosed)
    counted = closed.statistics
    assert (counted.received, counted.duplicate, counted.reordered) == (7, 2, 1)


def test_a_closed_row_is_silent_and_can_be_taken_again(desk: Desk) -> None:
    desk.open()
    desk.tell(messages.Play(0, "a", tone(440, 1.0)))
    desk.run(0.1)
    desk.tell(messages.Close(0))
    assert desk.run(0.1) == []
    assert isinstance(desk.reports[-1][1], StreamClosed)
    assert Played("a", 0.04, "cut") in desk.of(Played)
    desk.open()
    packets = desk.run(0.1)
    assert len(packets) == 5
    assert {packet.payload for packet in packets} == {b"\xff" * 160}


def test_a_tap_shows_lost_time_as_silence(desk: Desk) -> None:
    desk.open()
    desk.tell(messages.Listen(0, True), messages.Play(0, "a", tone(440, 0.4)))
    desk.run(0.2)
    desk.stall(0.2)
    desk.run(0.3)
    pairs = [pair for pair in desk.of(TapPair) if isinstance(pair, TapPair)]
    assert [pair.at for pair in pairs] == pytest.approx([0.02 * n for n in range(len(pairs))])
    loud = "".join("x" if pair.agent.any() else "-" for pair in pairs)
    assert loud.startswith("xxxxxxxxxx----------xxxxxxxxxx--")
