import numpy as np
import pytest

from ari_app.speech.level import ACTIVE_LEVEL, active_level, levelled, trimmed
from tests.support.audio import mixed, noise, silence, tone, voiced


@pytest.mark.parametrize("level", [-45.0, -20.0, -6.0])
def test_any_speech_comes_out_at_telephone_level_whatever_its_pauses(level: float) -> None:
    speech = np.concatenate([voiced(0.4, level=level), silence(1.0), voiced(0.3, level=level)])
    assert active_level(levelled(speech)) == pytest.approx(ACTIVE_LEVEL, abs=0.2)


def test_a_sound_with_a_sharp_peak_stays_quieter_rather_than_clipping() -> None:
    click = np.zeros(8000, np.int16)
    click[4000] = 20000
    sound = levelled(mixed(noise(1.0, level=-50), click))
    assert 29000 < np.abs(sound.astype(int)).max() < 30000


def test_silence_around_the_speech_goes_and_pauses_inside_stay() -> None:
    inner = np.concatenate([tone(300, 0.5), silence(0.7), tone(300, 0.5)])
    cut = trimmed(np.concatenate([silence(0.8), inner, silence(1.2)]))
    assert len(cut) / 8000 == pytest.approx(len(inner) / 8000, abs=0.1)
    assert len(cut) >= len(inner)


def test_silence_is_nothing() -> None:
    assert len(trimmed(silence(1.0))) == 0
    assert len(trimmed(silence(0.0))) == 0
    assert not levelled(silence(0.5)).any()
