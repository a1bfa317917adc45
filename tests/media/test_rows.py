import numpy as np
import pytest

from ari_app.errors import BoardFull
from ari_app.media.rows import NO_TIME, Rows


def test_rows_are_given_once_and_again_after_they_are_free() -> None:
    rows = Rows(2)
    assert {rows.allocate(), rows.allocate()} == {0, 1}
    with pytest.raises(BoardFull, match="all 2 rows"):
        rows.allocate()
    rows.free(1)
    assert rows.allocate() == 1


def test_a_row_that_is_freed_rests_as_long_as_others_are_free() -> None:
    rows = Rows(3)
    first = rows.allocate()
    rows.free(first)
    assert rows.allocate() != first


def test_a_free_row_is_empty_and_its_neighbours_are_not_touched() -> None:
    rows = Rows(3)
    rows.ssrc[:], rows.held_length[:], rows.held[:] = 7, 160, 99
    rows.hole_since[:], rows.paused[:], rows.received[:] = 1.5, True, 12
    rows.free(1)
    assert rows.ssrc.tolist() == [7, -1, 7]
    assert rows.hole_since.tolist() == [1.5, NO_TIME, 1.5]
    assert rows.paused.tolist() == [True, False, True]
    assert rows.received.tolist() == [12, 0, 12]
    assert not rows.held_length[1].any()
    assert not np.any(rows.held[1])
    assert np.all(rows.held[2] == 99)
