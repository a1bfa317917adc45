"""Which audio belongs to a turn? Times are stream time: seconds of audio heard so far."""

import numpy as np
import pytest

from ari_app.agents.utterance import LONGEST, UtteranceAudio
from ari_app.media.values import Audio


def heard(seconds: float) -> UtteranceAudio:
    """After so many seconds; every frame of 20 ms holds its own number."""
    utterance = UtteranceAudio()
    for number in range(round(seconds * 50)):
        utterance.hear(Audio(np.full(160, number, np.int16)))
    return utterance


def bounds(audio: Audio | None) -> tuple[float, float]:
    """Stream time of its first and last sample's frames, seconds."""
    assert audio is not None
    return int(audio.samples[0]) / 50, (int(audio.samples[-1]) + 1) / 50


@pytest.mark.parametrize(
    ("began", "ended", "expected"),
    [
        (2.0, 3.0, (1.7, 3.3)),
        (0.1, 3.0, (0.0, 3.3)),
        (2.0, 4.9, (1.7, 5.0)),
        (9.0, 9.0, (4.7, 5.0)),
        (2.0, 0.0, (1.7, 5.0)),
    ],
    ids=["inside", "at the start", "at the end", "another clock", "an end before its beginning"],
)
def test_a_turn_with_its_surroundings(
    began: float, ended: float, expected: tuple[float, float]
) -> None:
    utterance = heard(5.0)
    utterance.begin(began)
    assert bounds(utterance.end(ended)) == pytest.approx(expected)


def test_a_turn_that_goes_on_keeps_its_beginning() -> None:
    utterance = heard(5.0)
    utterance.begin(2.0)
    utterance.begin(3.0)
    assert bounds(utterance.end(4.0))[0] == pytest.approx(1.7)


def test_of_a_long_turn_the_end_is_kept() -> None:
    utterance = heard(40.0)
    utterance.begin(2.0)
    assert bounds(utterance.end(40.0)) == pytest.approx((40.0 - LONGEST, 40.0), abs=0.03)


def test_no_turn_without_a_beginning() -> None:
    utterance = heard(1.0)
    assert utterance.end(1.0) is None
    utterance.begin(0.5)
    utterance.forget()
    assert utterance.end(1.0) is None


def test_no_turn_before_anything_was_heard() -> None:
    utterance = UtteranceAudio()
    utterance.begin(0.0)
    assert utterance.end(0.0) is None
