from hypothesis import given
from hypothesis import strategies as st

from ari_app.conversation.turns import Turn, Turns


def spoken(*spurts: tuple[float, float]) -> Turns:
    """Turns after these talkspurts; stream time and now are the same."""
    turns = Turns(longest=30.0)
    for began, ended in spurts:
        assert turns.speech_began(began, began)
        assert turns.speech_ended(ended, ended)
    return turns


def test_a_turn_is_over_half_a_second_after_the_last_speech() -> None:
    turns = spoken((1.0, 2.0), (2.4, 3.0))
    assert turns.over_at() == 3.5
    assert turns.close(3.5, 3.5) == Turn(began=1.0, ended=3.0, voiced=1.6, silent_from=3.0)
    assert not turns.is_open
    assert turns.over_at() == float("inf")


def test_patience_is_between_half_a_second_and_three() -> None:
    turns = spoken((1.0, 2.0))
    for wanted, over_at in ((0.1, 2.5), (1.5, 3.5), (9.0, 5.0)):
        turns.set_silence(wanted)
        assert turns.over_at() == over_at


def test_while_the_caller_speaks_only_the_longest_turn_ends_it() -> None:
    turns = Turns(longest=30.0)
    turns.speech_began(1.0, 1.0)
    assert turns.over_at() == 31.0
    assert turns.close(31.0, 31.0).voiced == 30.0
    assert not turns.speaking


def test_speech_that_had_begun_or_never_began_is_no_news() -> None:
    turns = Turns(longest=30.0)
    assert not turns.speech_ended(1.0, 1.0)
    assert turns.speech_began(1.0, 1.0)
    assert not turns.speech_began(1.1, 1.1)


def test_speech_is_certain_only_when_its_silence_would_have_been_told() -> None:
    turns = Turns(longest=30.0)
    assert turns.heard_by(0.3, 0.1) == float("inf")
    turns.speech_began(1.0, 1.0)
    assert turns.heard_by(0.3, 0.1) == 1.4
    turns.speech_ended(1.2, 1.2)
    assert turns.heard_by(0.3, 0.1) == float("inf")
    turns.speech_began(1.3, 1.3)
    assert abs(turns.heard_by(0.3, 0.1) - 1.5) < 1e-9
    turns.speech_ended(1.45, 1.45)
    assert turns.heard_by(0.3, 0.1) == 1.45


@given(st.lists(st.floats(0.01, 0.49), min_size=2, max_size=30).filter(lambda x: len(x) % 2 == 0))
def test_pauses_shorter_than_patience_never_end_a_turn(lengths: list[float]) -> None:
    turns, now = Turns(longest=1e9), 0.0
    for speech, pause in zip(lengths[::2], lengths[1::2], strict=True):
        turns.speech_began(now, now)
        turns.speech_ended(now + speech, now + speech)
        now += speech + pause
        assert turns.over_at() > now
    assert abs(turns.close(now, now).voiced - sum(lengths[::2])) < 1e-6
