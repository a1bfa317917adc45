"""How well a phone received a call."""

import numpy as np
import pytest

from ari_app.cli.reception import counted, level
from ari_app.phone.hear import Arrival
from tests.support.audio import tone


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        ([], (0, 0)),
        ([7, 8, 9], (3, 0)),
        ([65534, 65535, 0, 2], (4, 1)),
        ([5, 4, 6], (3, 0)),
        ([5, 5, 8], (3, 2)),
    ],
)
def test_losses_are_gaps_in_the_sequence(sequences: list[int], expected: tuple[int, int]) -> None:
    packets = [Arrival(0.0, number, 0, False, 0, 160) for number in sequences]
    assert counted(packets) == expected


def test_the_level_is_that_of_the_sound_alone() -> None:
    loud = tone(440, 0.5)
    alone = level(loud)
    assert alone == pytest.approx(10 * np.log10(np.mean((loud / 32768.0) ** 2)), abs=0.2)
    assert level(np.concatenate([np.zeros(8000, np.int16), loud])) == pytest.approx(alone, abs=0.1)
    assert level(np.zeros(800, np.int16)) is None
