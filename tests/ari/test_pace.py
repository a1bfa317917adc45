"""Delays between attempts."""

from ari_app.ari.pace import Pace


def test_delays_grow_with_jitter_to_a_bound() -> None:
    pace = Pace()
    delays = [pace.delay(attempt) for attempt in range(100)]
    assert 0.1 <= delays[0] <= 0.2
    assert all(2.5 <= delay <= 5.0 for delay in delays[5:])
    assert len(set(delays)) > 90
