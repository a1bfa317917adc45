import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.values import Samples
from ari_app.phone.timeline import Timeline

ONES = np.ones(160, np.int16)


def starts(heard: Samples) -> list[int]:
    """Where silence ends."""
    return [int(i) for i in np.flatnonzero(np.diff(np.concatenate([[0], heard])) > 0)]


@given(st.floats(0, 1e6), st.integers(0, 2**32 - 1))
def test_pieces_join_without_a_seam(begin: float, timestamp: int) -> None:
    timeline = Timeline()
    for n in range(5):
        timeline.place(ONES, begin + 0.02 * n, (timestamp + 160 * n) % 2**32)
    assert timeline.between(begin, begin + 0.1).sum() == 800


def test_a_stream_that_stopped_goes_on_where_it_arrives() -> None:
    timeline = Timeline()
    timeline.place(ONES, 1.0, 0)
    timeline.place(ONES, 1.5, 160)  # its clock stood still
    timeline.place(ONES, 1.52, 320)
    assert starts(timeline.between(1.0, 2.0)) == [0, 4000]


def test_another_stream_stands_where_it_arrives() -> None:
    timeline = Timeline()
    timeline.place(ONES, 1.0, 0, stream=1)
    timeline.place(ONES, 1.1, 99999, stream=2)
    assert starts(timeline.between(1.0, 2.0)) == [0, 800]


def test_a_hole_in_the_timestamps_is_a_hole_in_the_audio() -> None:
    timeline = Timeline()
    timeline.place(ONES, 1.0, 0)
    timeline.place(ONES, 1.503, 4000)
    assert starts(timeline.between(1.0, 2.0)) == [0, 4000]


def test_what_is_outside_is_cut_off() -> None:
    timeline = Timeline()
    timeline.place(ONES, 1.0, 0)
    assert len(timeline.between(1.01, 1.015)) == 40
    assert timeline.between(1.01, 1.03).sum() == 80
    assert timeline.between(0.99, 1.01).sum() == 80
    assert len(timeline.between(2.0, 1.0)) == 0
