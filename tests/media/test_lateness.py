import numpy as np
import pytest

from ari_app.media.lateness import BOUNDS, Lateness


def test_every_late_frame_is_in_the_bucket_whose_limit_it_does_not_exceed() -> None:
    lateness = Lateness()
    lateness.add(np.array([0.0, 0.001, 0.0011, 0.05, 0.2, 7.0]))
    counts = dict(zip([*BOUNDS, "more"], lateness.seen().counts, strict=True))
    assert {limit: count for limit, count in counts.items() if count} == {
        0.001: 2,
        0.002: 1,
        0.06: 1,
        0.2: 1,
        "more": 1,
    }
    assert lateness.seen().seconds == pytest.approx(7.2521)


def test_what_is_not_due_or_has_no_deadline_yet_does_not_count() -> None:
    lateness = Lateness()
    lateness.add(np.array([-0.004, np.inf, np.nan]))
    lateness.add(np.zeros(0))
    assert sum(lateness.seen().counts) == 0


def test_counts_add_up() -> None:
    lateness = Lateness()
    before = lateness.seen()
    for _ in range(3):
        lateness.add(np.array([0.004, 0.004]))
    assert sum(lateness.seen().counts) == 6
    assert sum(before.counts) == 0
