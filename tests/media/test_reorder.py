"""Every stream begins just before both wraps: sequence 0xFFFD, timestamp 2³² - 320."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.reorder import LONGEST_WAIT, SHORTEST_WAIT, Missing, Piece, Reorder, Voice
from ari_app.media.rows import Rows

FIRST = 0xFFFD
START = 2**32 - 320


def packet(number: int, *, leap: int = 0, ssrc: int = 7, size: int = 160) -> Voice:
    """Packet `number` of a stream; every sample carries its number. leap: samples of DTX before."""
    timestamp = (START + number * size + leap) % 2**32
    return Voice((FIRST + number) & 0xFFFF, timestamp, ssrc, np.full(size, number, np.int16))


def read(pieces: list[Piece] | None) -> list[int | str]:
    """Numbers of packets, 'lost 2' (frames), 'pause 3' (frames)."""
    assert pieces is not None
    return [
        f"{'lost' if piece.lost else 'pause'} {piece.samples // 160}"
        if isinstance(piece, Missing)
        else int(piece[0])
        for piece in pieces
    ]


@pytest.fixture
def rows() -> Rows:
    return Rows(2)


@pytest.fixture
def order(rows: Rows) -> Reorder:
    return Reorder(rows)


def test_packets_in_order_are_given_out_at_once(order: Reorder) -> None:
    for number in range(8):
        assert read(order.push(1, packet(number), now=number * 0.02)) == [number]


def test_a_hole_is_waited_for_and_mended(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    assert order.push(1, packet(2), 0.04) == []
    assert order.push(1, packet(3), 0.06) == []
    assert order.due(1, 0.09) == []
    assert read(order.push(1, packet(1), 0.09)) == [1, 2, 3]
    assert rows.reordered[1] == 1
    assert rows.lost[1] == rows.late[1] == 0


def test_a_key_that_is_numbered_like_a_loss_is_none(order: Reorder, rows: Rows) -> None:
    """Seen from Asterisk: a key of 100 ms and its end leave out seven packets and their time."""
    order.push(1, packet(0), 0.0)
    rows.arrived[1] = 0.0
    assert read(order.push(1, packet(8), 0.16)) == ["pause 7", 8]
    assert rows.lost[1] == 0


def test_as_many_packets_missing_without_the_time_for_them_are_waited_for(
    order: Reorder, rows: Rows
) -> None:
    order.push(1, packet(0), 0.0)
    rows.arrived[1] = 0.0
    assert order.push(1, packet(8), 0.09) == []


def test_a_hole_is_given_up_after_60_ms_and_what_comes_then_is_late(
    order: Reorder, rows: Rows
) -> None:
    order.push(1, packet(0), 0.0)
    order.push(1, packet(3), 0.06)
    order.push(1, packet(4), 0.08)
    assert order.due(1, 0.06 + LONGEST_WAIT - 0.001) == []
    assert read(order.due(1, 0.06 + LONGEST_WAIT)) == ["lost 2", 3, 4]
    assert order.push(1, packet(2), 0.13) is None
    assert (rows.lost[1], rows.late[1], rows.duplicate[1]) == (2, 1, 0)


def test_a_second_hole_has_its_own_time(order: Reorder) -> None:
    order.push(1, packet(0), 0.0)
    order.push(1, packet(2), 0.04)
    order.push(1, packet(4), 0.08)
    assert read(order.due(1, 0.10)) == ["lost 1", 2]
    assert order.due(1, 0.13) == []
    assert read(order.due(1, 0.14)) == ["lost 1", 4]


def test_where_nothing_is_ever_late_a_hole_is_given_up_sooner(order: Reorder, rows: Rows) -> None:
    now = 0.0
    for number in range(0, 60, 2):  # every second packet is lost
        order.push(1, packet(number), now)
        now += 0.04
        order.due(1, now + 0.035)
    assert rows.wait[1] == pytest.approx(SHORTEST_WAIT)


def test_a_late_packet_makes_us_patient_again(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    rows.wait[1] = SHORTEST_WAIT
    order.push(1, packet(2), 0.04)
    assert read(order.due(1, 0.06)) == ["lost 1", 2]
    order.push(1, packet(1), 0.07)
    order.push(1, packet(1), 0.07)
    assert (rows.late[1], rows.duplicate[1]) == (1, 1)
    assert rows.wait[1] == LONGEST_WAIT


def test_duplicates_are_counted_wherever_the_first_one_is(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    order.push(1, packet(1), 0.02)
    assert order.push(1, packet(0), 0.02) is None  # given out
    order.push(1, packet(3), 0.06)
    assert order.push(1, packet(3), 0.06) is None  # held
    assert rows.duplicate[1] == 2
    assert rows.late[1] == 0


def test_a_pause_of_the_sender_is_no_loss(order: Reorder, rows: Rows) -> None:
    """DTX as Asterisk passes it on: sequence + 1, the timestamp leaps, no marker."""
    order.push(1, packet(0), 0.0)
    assert read(order.push(1, packet(1, leap=16000), 2.02)) == ["pause 100", 1]
    assert rows.lost[1] == 0


def test_a_key_is_no_loss(order: Reorder, rows: Rows) -> None:
    """A key as Asterisk passes it on: sequence + 20, timestamp + 1440."""
    order.push(1, packet(0), 0.0)
    after = packet(20)
    after = Voice(after.sequence, (START + 1440) % 2**32, 7, after.samples)
    assert read(order.push(1, after, 0.18)) == ["pause 8", 20]
    assert rows.lost[1] == 0


def test_a_timestamp_that_stands_still_is_taken_as_it_is(order: Reorder) -> None:
    order.push(1, packet(0), 0.0)
    again = Voice(packet(1).sequence, START, 7, packet(1).samples)
    assert read(order.push(1, again, 0.02)) == [1]
    assert read(order.push(1, packet(2, leap=-160), 0.04)) == [2]


def test_another_source_is_believed_with_its_second_packet(order: Reorder) -> None:
    """What was held comes first; the packet that was not believed is the one that is missing."""
    order.push(1, packet(0), 0.0)
    order.push(1, packet(2), 0.04)
    assert order.push(1, Voice(99, 5, 8, packet(8).samples), 0.05) is None
    other = Voice(100, 165, 8, packet(9).samples)
    assert read(order.push(1, other, 0.07)) == ["lost 1", 2, "lost 1", 9]
    assert read(order.push(1, Voice(101, 325, 8, packet(10).samples), 0.09)) == [10]


def test_a_single_packet_of_another_source_changes_nothing(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    for number in range(1, 10):
        assert order.push(1, packet(500 + number, ssrc=8), 0.02 * number) is None
        assert read(order.push(1, packet(number), 0.02 * number)) == [number]
    assert rows.late[1] == 9


def test_a_packet_of_the_old_source_does_not_flip_back(order: Reorder) -> None:
    order.push(1, packet(0), 0.0)
    order.push(1, packet(40, ssrc=8), 0.02)
    assert read(order.push(1, packet(41, ssrc=8), 0.04)) == ["lost 1", 41]
    assert order.push(1, packet(1), 0.04) is None
    assert read(order.push(1, packet(42, ssrc=8), 0.06)) == [42]


def test_sequences_of_two_sources_do_not_confirm_each_other(order: Reorder) -> None:
    order.push(1, packet(0), 0.0)
    assert order.push(1, packet(40, ssrc=8), 0.02) is None
    assert order.push(1, packet(41, ssrc=9), 0.04) is None


def test_a_wild_sequence_is_believed_when_the_next_one_follows(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    assert order.push(1, packet(20000), 0.02) is None
    assert read(order.push(1, packet(1), 0.02)) == [1]  # it was only one
    assert order.push(1, packet(20000), 0.04) is None
    assert read(order.push(1, packet(20001), 0.06)) == ["lost 1", 20001]
    assert read(order.push(1, packet(20002), 0.08)) == [20002]


def test_a_hole_larger_than_we_can_hold_is_not_waited_for(order: Reorder, rows: Rows) -> None:
    order.push(1, packet(0), 0.0)
    assert read(order.push(1, packet(51), 1.02)) == ["lost 50", 51]
    assert rows.lost[1] == 50


def test_rows_do_not_know_each_other(order: Reorder, rows: Rows) -> None:
    order.push(0, packet(0), 0.0)
    order.push(1, packet(0), 0.0)
    order.push(1, packet(2), 0.0)
    assert read(order.push(0, packet(1), 0.02)) == [1]
    assert rows.reordered[0] == 0


def test_packets_that_no_telephone_sends_are_refused(order: Reorder) -> None:
    for size in (0, 481):
        with pytest.raises(ValueError, match="expected 1 to 480"):
            order.push(1, packet(0, size=size), 0.0)


@given(data=st.data())
def test_reordering_within_the_wait_gives_exactly_what_was_sent(data: st.DataObject) -> None:
    """Any delay up to 50 ms, any duplicate, any loss: order is kept, only the lost is missing."""
    rows = Rows(1)
    order = Reorder(rows)
    count = data.draw(st.integers(2, 30))
    lost = data.draw(st.sets(st.integers(1, count - 2), max_size=5)) if count > 2 else set()
    arrivals: list[tuple[float, int]] = [(0.0, 0)]
    for number in range(1, count):
        if number not in lost:
            copies = data.draw(st.integers(1, 2))
            delays = [data.draw(st.integers(0, 50)) for _ in range(copies)]
            arrivals += [(number * 0.02 + delay / 1000, number) for delay in delays]
    arrivals.sort()
    given_out: list[Piece] = []
    for at, number in arrivals:
        rows.wait[0] = LONGEST_WAIT
        given_out += order.due(0, at)
        rows.wait[0] = LONGEST_WAIT
        given_out += order.push(0, packet(number), at) or []
    given_out += order.due(0, 10.0)
    numbers = [n for n in read(given_out) if isinstance(n, int)]
    missing = [piece for piece in given_out if isinstance(piece, Missing)]
    assert numbers == [n for n in range(count) if n not in lost]
    assert all(piece.lost for piece in missing)
    assert sum(piece.samples for piece in missing) == 160 * len(lost)
    assert rows.late[0] == 0
