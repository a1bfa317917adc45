"""Silent caller or lost leg?"""

import pytest

from ari_app.call.deadlines import Deadlines
from ari_app.call.ids import Owner
from ari_app.call.reception import Reception
from ari_app.call.settings import CallSettings, Extension

SETTINGS = CallSettings(owner=Owner("attendant", 1), fallback=Extension("fallback", "s"))


@pytest.fixture
def deadlines() -> Deadlines:
    return Deadlines()


@pytest.fixture
def reception(deadlines: Deadlines) -> Reception:
    """Quiet since 2 s, at 10.0."""
    reception = Reception(SETTINGS, deadlines)
    reception.quiet(2.0, 10.0)
    return reception


def test_two_readings_decide(reception: Reception, deadlines: Deadlines) -> None:
    assert not reception.lost(100, 10.1)
    assert deadlines.first() == pytest.approx(10.6)
    assert reception.lost(125, 10.6)
    assert not reception.lost(101, 10.6), "a comfort noise packet is no speech"


def test_a_pbx_that_does_not_count_proves_nothing(reception: Reception) -> None:
    assert not reception.lost(None, 10.1)
    assert not reception.lost(100, 10.1)
    assert not reception.lost(None, 10.6)


def test_readings_after_packets_came_back_mean_nothing(
    reception: Reception, deadlines: Deadlines
) -> None:
    reception.lost(100, 10.1)
    reception.heard()
    assert not reception.lost(200, 10.6)
    assert deadlines.first() is None


def test_patience_counts_from_the_last_packet_not_from_the_last_report(
    reception: Reception, deadlines: Deadlines
) -> None:
    reception.quiet(4.0, 12.5)
    assert deadlines.first() == pytest.approx(10.0 - 2.0 + SETTINGS.caller_gone)
