"""Silent caller or lost leg?"""

from ari_app.call.reception import Reception


def test_two_readings_decide() -> None:
    reception = Reception(apart=0.5)
    reception.quiet()
    assert reception.needs_another(100)
    assert not reception.needs_another(125)
    assert reception.lost(125)
    assert not reception.lost(101), "a comfort noise packet is no speech"


def test_readings_after_packets_came_back_mean_nothing() -> None:
    reception = Reception(apart=0.5)
    reception.quiet()
    reception.needs_another(100)
    reception.heard()
    assert not reception.lost(200)
