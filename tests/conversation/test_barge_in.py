from ari_app.conversation.barge_in import BargeIn
from ari_app.conversation.commands import WriteBargeIn
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.turns import Turns

SETTINGS = FloorSettings(confirm=0.3, hangover=0.1, verdict=0.4, false_limit=2, false_window=30.0)


def suspected(onset: float, barge_in: BargeIn | None = None) -> tuple[BargeIn, Turns]:
    """Speech began, and we suspect it 60 ms later."""
    barge_in, turns = barge_in or BargeIn(SETTINGS), Turns(longest=30.0)
    turns.speech_began(onset, onset)
    barge_in.suspect(onset, onset + 0.06)
    return barge_in, turns


def test_the_verdict_falls_within_0_4_s_of_the_pause() -> None:
    barge_in, turns = suspected(1.0)
    assert barge_in.pausing
    assert barge_in.verdict_at(turns) == 1.4
    assert not barge_in.confirmed(turns, 1.39)
    assert barge_in.confirmed(turns, 1.4)


def test_a_short_sound_is_doubted_when_the_pause_has_lasted_long_enough() -> None:
    barge_in, turns = suspected(1.0)
    turns.speech_ended(1.1, 1.1)
    assert barge_in.verdict_at(turns) == 1.46
    assert not barge_in.doubted(turns, 1.45)
    assert barge_in.doubted(turns, 1.46)
    assert not barge_in.pausing


def test_who_speaks_when_the_pause_ends_is_not_dismissed_but_watched() -> None:
    barge_in, turns = suspected(1.0)
    turns.speech_ended(1.1, 1.1)
    turns.speech_began(1.4, 1.4)
    assert not barge_in.doubted(turns, 1.46)
    assert not barge_in.pausing
    assert barge_in.suspicion is not None
    assert abs(barge_in.verdict_at(turns) - 1.7) < 1e-9


def test_two_false_ones_within_30_s_cost_the_callers_line_its_credit_for_as_long() -> None:
    barge_in = BargeIn(SETTINGS)
    pauses = []
    for onset in (1.0, 10.0, 20.0, 39.0, 42.0):
        barge_in, _ = suspected(onset, barge_in)
        pauses.append(barge_in.pausing)
        barge_in.settle("", onset + 0.5)
    assert pauses == [True, True, False, True, True]


def test_true_ones_cost_nothing() -> None:
    barge_in = BargeIn(SETTINGS)
    for onset in (1.0, 2.0, 3.0, 4.0):
        barge_in, _ = suspected(onset, barge_in)
        assert barge_in.pausing
        barge_in.settle("speech", onset + 0.5)


def test_the_verdict_tells_how_fast_we_were() -> None:
    barge_in, _ = suspected(1.0)
    verdict = barge_in.settle("speech", 1.5)
    assert verdict == WriteBargeIn(True, "speech", verdict.paused, 0.5)
    assert abs((verdict.paused or 0.0) - 0.06) < 1e-9
    assert barge_in.settle("key", 2.0) == WriteBargeIn(True, "key", None, 0.0)
