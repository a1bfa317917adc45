import numpy as np
import pytest

from ari_app.media.pace import Pace
from ari_app.media.rows import Rows
from ari_app.media.rtp import Packet
from ari_app.media.serial import sequence_distance, timestamp_distance

ROW = 2


class Clock:
    """Drives one row as its lane's beat does, every 20 ms or late, and reads what was sent."""

    def __init__(self) -> None:
        self.rows = Rows(3)
        self.pace = Pace(self.rows)
        self.pace.connect(ROW, ssrc=9, sequence=0xFFFD, timestamp=2**32 - 320)
        self.packets: list[Packet] = []

    def at(self, now: float) -> int:
        """How many frames leave now."""
        before = len(self.packets)
        for sending in self.pace.due(np.array([ROW]), now):
            if len(sending):
                packets = np.zeros((1, 13), np.uint8)
                self.pace.write(sending, 0, packets)
                self.packets.append(Packet.parse(packets.tobytes()))
        return len(self.packets) - before

    def speak(self, on: bool) -> None:
        self.rows.ready[ROW] = on

    @property
    def steps(self) -> list[tuple[int, int]]:
        """Advance of sequence and timestamp from each packet to the next."""
        return [
            (
                sequence_distance(later.sequence, earlier.sequence),
                timestamp_distance(later.timestamp, earlier.timestamp),
            )
            for earlier, later in zip(self.packets, self.packets[1:], strict=False)
        ]

    @property
    def markers(self) -> list[int]:
        return [index for index, packet in enumerate(self.packets) if packet.marker]


def test_one_frame_every_20_ms_and_the_marker_once() -> None:
    clock = Clock()
    assert [clock.at(5.0 + 0.02 * beat) for beat in range(500)] == [1] * 500
    assert set(clock.steps) == {(1, 160)}
    assert clock.markers == [0]
    assert clock.packets[0].sequence == 0xFFFD
    assert clock.packets[0].ssrc == 9


def test_nothing_leaves_before_it_is_due() -> None:
    clock = Clock()
    assert [clock.at(now) for now in (1.0, 1.004, 1.016, 1.0199, 1.02)] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(("stall", "extra"), [(0.03, 1), (0.04, 2), (0.06, 3)])
def test_a_short_stall_is_caught_up_one_extra_frame_per_beat(stall: float, extra: int) -> None:
    clock = Clock()
    clock.speak(True)
    assert clock.at(0.0) == 1
    following = [clock.at(0.02 + stall + 0.02 * beat) for beat in range(6)]
    assert following == [2] * extra + [1] * (6 - extra)
    assert set(clock.steps) == {(1, 160)}
    assert clock.markers == [0]


def test_what_was_caught_up_is_repaid_with_silence_and_never_with_speech() -> None:
    clock = Clock()
    clock.speak(True)
    clock.at(0.0)
    sent = [clock.at(0.06 + 0.02 * beat) for beat in range(10)]
    assert sum(sent) == 12  # 10 beats and the two frames that were missed
    clock.speak(False)
    assert [clock.at(0.26 + 0.02 * beat) for beat in range(5)] == [0, 0, 1, 1, 1]
    assert set(clock.steps) == {(1, 160)}
    assert clock.markers == [0]


def test_a_long_stall_is_lost_time() -> None:
    clock = Clock()
    clock.speak(True)
    clock.at(0.0)
    clock.at(0.02)
    assert [clock.at(0.24 + 0.02 * beat) for beat in range(4)] == [1, 1, 1, 1]
    assert clock.steps == [(1, 160), (1, 160 * 11), (1, 160), (1, 160), (1, 160)]
    assert clock.markers == [0, 2]
    assert clock.rows.debt[ROW] == 0


@pytest.mark.parametrize("stall", [0.0, 0.03, 0.06, 0.2])
def test_the_clock_counts_time_whether_frames_were_sent_or_not(stall: float) -> None:
    clock = Clock()
    clock.at(0.0)
    for beat in range(20):
        clock.at(0.02 + stall + 0.02 * beat)
    passed = 1 + 20 + round(stall / 0.02 - 1e-9) if stall != 0.03 else 22
    assert clock.pace.clock(ROW) == passed


def test_rows_of_a_lane_are_paced_one_by_one() -> None:
    clock = Clock()
    clock.pace.connect(0, ssrc=1, sequence=0, timestamp=0)
    lane = np.array([0, ROW])
    clock.pace.due(lane, 0.0)
    clock.rows.debt[0] = 1
    once, twice = clock.pace.due(lane, 0.02)
    assert (once.tolist(), twice.tolist()) == ([ROW], [])
