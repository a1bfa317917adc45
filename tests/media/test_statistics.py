"""Jitter is that of the RFC's own program, ratings are those of the E-model's tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.statistics import Jitter, opinion, rating
from tests.support.netem import Conditions, Network


def jitter_of_the_rfc(packets: list[tuple[float, int]]) -> float:
    """RFC 3550 appendix A.8, word for word, in units of timestamps."""
    jitter = 0.0
    transit: float | None = None
    for arrival, timestamp in packets:
        before, transit = transit, arrival * 8000 - timestamp
        if before is not None:
            jitter += (abs(transit - before) - jitter) / 16
    return jitter / 8000


def measured(packets: list[tuple[float, int]]) -> float:
    jitter = Jitter(1)
    for arrival, timestamp in packets:
        jitter.arrived(0, timestamp & 0xFFFFFFFF, arrival)
    return float(jitter.seconds[0])


def test_a_steady_stream_has_none() -> None:
    assert measured([(7 + n * 0.02, n * 160) for n in range(500)]) == pytest.approx(0, abs=1e-9)


@given(st.integers(0, 1000), st.integers(0, 2**32 - 1))
def test_it_is_what_the_program_of_the_rfc_computes_over_the_wrap(seed: int, first: int) -> None:
    network = Network(Conditions(delay=0.05, jitter=0.01, loss=0.05), seed=seed)
    packets = network.carry((n * 0.02, first + n * 160) for n in range(200))
    assert measured(packets) == pytest.approx(jitter_of_the_rfc(packets), abs=1e-9)


def test_a_pause_of_the_sender_is_no_jitter() -> None:
    talk = [(n * 0.02, n * 160) for n in range(50)]
    later = [(30 + at, 240_000 + timestamp) for at, timestamp in talk]
    assert measured(talk + later) == pytest.approx(0, abs=1e-9)


def test_many_rows_at_once_equal_rows_alone() -> None:
    rows = np.array([4, 0, 2])
    arrivals = np.cumsum(np.random.default_rng(1).uniform(0, 0.04, (50, 3)), axis=0)
    together = Jitter(5)
    for n, now in enumerate(arrivals):
        together.arrived_at_once(rows, np.full(3, n * 160), now)
    for column, row in enumerate(rows):
        alone = measured([(float(now), n * 160) for n, now in enumerate(arrivals[:, column])])
        assert together.seconds[row] == pytest.approx(alone)
    assert not together.seconds[[1, 3]].any()


def test_a_cleared_row_begins_anew() -> None:
    jitter = Jitter(1)
    jitter.arrived(0, 0, 0.0)
    jitter.arrived(0, 160, 0.5)
    assert jitter.seconds[0] > 0.02
    jitter.clear(0)
    jitter.arrived(0, 99999, 0.6)
    assert jitter.seconds[0] == 0


@pytest.mark.parametrize(
    ("delay", "loss", "r"),
    [
        (0.0, 0.0, 93.2),
        (0.1, 0.0, 90.8),
        (0.3, 0.0, 93.2 - 7.2 - 13.497),
        (0.0, 0.01, 93.2 - 95 / 26.1),
        (0.0, 0.05, 93.2 - 475 / 30.1),
        (5.0, 0.5, 0.0),
    ],
)
def test_ratings(delay: float, loss: float, r: float) -> None:
    assert rating(delay, loss) == pytest.approx(r)


def test_a_percent_of_loss_is_as_bad_as_150_ms_of_delay() -> None:
    assert rating(0.0, 0.01) == pytest.approx(rating(0.150, 0.0), abs=0.1)


def test_losses_in_bursts_are_worse() -> None:
    assert rating(0.05, 0.05, burst=2) < rating(0.05, 0.05) - 1


@pytest.mark.parametrize(
    ("r", "score"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1), (100, 4.5)]
)
def test_opinions_are_those_of_the_table_in_g107_annex_b(r: float, score: float) -> None:
    assert opinion(r) == pytest.approx(score, abs=0.01)


@given(st.floats(-50, 150), st.floats(0, 10))
def test_a_better_rating_is_never_a_worse_opinion(r: float, more: float) -> None:
    assert opinion(r + more) >= opinion(r) >= 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [((-1, 0), "delay"), ((0, 1.5), "loss"), ((0, 0, 0.5), "burst"), ((float("nan"), 0), "delay")],
)
def test_what_cannot_be_is_refused(wrong: tuple[float, ...], named: str) -> None:
    with pytest.raises(ValueError, match=f"{named} is"):
        rating(*wrong)
