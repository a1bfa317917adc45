"""The measures that other tests trust."""

from pathlib import Path

import numpy as np
import pytest

from ari_app.media.values import Audio
from tests.support.audio import (
    babble,
    delay,
    level,
    level_at,
    mixed,
    noise,
    read_wav,
    silence,
    snr,
    tone,
    voiced,
    write_ulaw,
    write_wav,
)


def test_a_tone_has_the_level_and_the_frequency_asked_for() -> None:
    sound = tone(1000, 0.5, level=-20)
    assert level(sound) == pytest.approx(-20, abs=0.01)
    assert level_at(sound, 1000) == pytest.approx(-20, abs=0.01)
    assert level_at(sound, 1200) < -80


@pytest.mark.parametrize(
    "sound",
    [
        noise(1, level=-30),
        noise(1, level=-30, colour="pink"),
        voiced(1, level=-30),
        babble([voiced(0.7)], 1, level=-30),
    ],
)
def test_sounds_have_the_level_asked_for(sound: np.ndarray) -> None:
    assert len(sound) == 8000
    assert level(sound) == pytest.approx(-30, abs=0.1)


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    power = np.abs(np.fft.rfft(noise(8, colour="pink"))) ** 2
    low, high = power[8 * 200 : 8 * 400].mean(), power[8 * 1600 : 8 * 3200].mean()
    assert 10 * np.log10(low / high) == pytest.approx(9, abs=0.7)


def test_noise_is_reproducible() -> None:
    assert np.array_equal(noise(0.1, seed=3), noise(0.1, seed=3))
    assert not np.array_equal(noise(0.1, seed=3), noise(0.1, seed=4))


def test_silence_has_no_level() -> None:
    assert level(silence(0.02)) == -np.inf


def test_snr_is_what_was_mixed_in_whatever_the_gain() -> None:
    sound = tone(500, 2, level=-20)
    heard = mixed(sound, noise(2, level=-40)) // 2
    assert snr(heard.astype(np.int16), sound) == pytest.approx(20, abs=0.2)


def test_a_delay_is_found() -> None:
    sound = noise(0.5, level=-20)
    assert delay(np.concatenate([silence(0.01), sound]), sound, longest=200) == 80


def test_wav_and_ulaw_files(tmp_path: Path) -> None:
    sound = tone(440, 0.1, rate=16000)
    write_wav(tmp_path / "a.wav", Audio(sound, 16000))
    again = read_wav(tmp_path / "a.wav")
    assert again.rate == 16000
    assert np.array_equal(again.samples, sound)
    write_ulaw(tmp_path / "a.ulaw", silence(0.02))
    assert (tmp_path / "a.ulaw").read_bytes() == b"\xff" * 160
