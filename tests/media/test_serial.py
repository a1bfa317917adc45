"""Sequence numbers and timestamps keep their order over the wrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.serial import (
    extend_sequence,
    extend_timestamp,
    sequence_distance,
    timestamp_distance,
)


@pytest.mark.parametrize(
    ("later", "earlier", "distance"),
    [
        (1, 0, 1),
        (0, 1, -1),
        (0, 0xFFFF, 1),
        (0xFFFD, 2, -5),
        (0x7FFF, 0, 0x7FFF),
        (0x8000, 0, -0x8000),
        (0, 0x8000, -0x8000),
    ],
)
def test_distance_of_sequences_over_the_wrap(later: int, earlier: int, distance: int) -> None:
    assert sequence_distance(later, earlier) == distance


def test_distance_of_timestamps_over_the_wrap() -> None:
    assert timestamp_distance(160, 0xFFFFFFFF - 159) == 320
    assert timestamp_distance(0xFFFFFFFF, 0) == -1


@given(st.integers(-(2**40), 2**40), st.integers(-0x8000, 0x7FFF))
def test_extended_sequence_is_found_again_from_its_low_bits(near: int, step: int) -> None:
    assert extend_sequence((near + step) & 0xFFFF, near) == near + step


@given(st.integers(-(2**40), 2**40), st.integers(-(2**31), 2**31 - 1))
def test_extended_timestamp_is_found_again_from_its_low_bits(near: int, step: int) -> None:
    assert extend_timestamp((near + step) & 0xFFFFFFFF, near) == near + step


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 2**40)), min_size=1))
def test_arrays_and_numbers_agree(pairs: list[tuple[int, int]]) -> None:
    sequence = np.array([pair[0] for pair in pairs], np.int64)
    near = np.array([pair[1] for pair in pairs], np.int64)
    assert extend_sequence(sequence, near).tolist() == [extend_sequence(*p) for p in pairs]
    assert extend_timestamp(sequence, near).tolist() == [extend_timestamp(*p) for p in pairs]
    assert sequence_distance(sequence, near).tolist() == [sequence_distance(*p) for p in pairs]
    assert timestamp_distance(sequence, near).tolist() == [timestamp_distance(*p) for p in pairs]
