"""Speech keeps its sound from rate to rate, at once, however it is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.resample import Resampler, resample
from tests.support.audio import delay, level, level_at, noise, snr, tone, voiced

PAIRS = [
    (8000, 16000), (8000, 24000), (16000, 8000), (24000, 8000), (16000, 24000), (24000, 16000),
    (22050, 8000), (44100, 8000), (48000, 8000), (8000, 48000), (11025, 8000),
]  # fmt: skip


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
@pytest.mark.parametrize("frequency", [300, 1000, 3000])
def test_a_tone_of_speech_comes_out_clean(from_rate: int, to_rate: int, frequency: int) -> None:
    came = resample(tone(frequency, 0.5, rate=from_rate), from_rate, to_rate)
    meant = tone(frequency, 0.5, rate=to_rate)
    assert len(came) == len(meant)
    inner = slice(to_rate // 100, -to_rate // 100)  # a recording begins and ends abruptly
    assert level_at(came[inner], frequency, rate=to_rate) == pytest.approx(-20, abs=0.1)
    if (to_rate * 12) % min(from_rate, to_rate) == 0:  # the delay is a whole number of samples
        assert snr(came[inner], meant[inner]) > 55


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
def test_a_constant_stays_constant(from_rate: int, to_rate: int) -> None:
    came = Resampler(from_rate, to_rate).push(np.full(from_rate, 5000, np.int16))
    assert set(np.unique(came[to_rate // 100 :]).tolist()) <= {4999, 5000, 5001}


@pytest.mark.parametrize("from_rate", [16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [4700, 5000, 6300, 7900])
def test_what_8_khz_cannot_hold_does_not_fold_into_speech(from_rate: int, frequency: int) -> None:
    came = Resampler(from_rate, 8000).push(tone(frequency, 0.5, level=-6, rate=from_rate))
    assert level(came[100:]) < -6 - 65


@pytest.mark.parametrize("to_rate", [16000, 24000, 48000])
@pytest.mark.parametrize("frequency", [500, 2000, 3300])
def test_no_mirror_image_above_the_old_band(to_rate: int, frequency: int) -> None:
    came = Resampler(8000, to_rate).push(tone(frequency, 0.5, level=-6))[to_rate // 100 :]
    assert level_at(came, 8000 - frequency, rate=to_rate) < -6 - 65


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
def test_the_delay_is_as_told_and_at_most_a_millisecond_and_a_half(
    from_rate: int, to_rate: int
) -> None:
    stream = Resampler(from_rate, to_rate)
    assert stream.delay <= 0.0015
    came = stream.push(voiced(0.5, rate=from_rate))
    meant = voiced(0.5, rate=to_rate)
    shift = delay(came[:10000], meant[:10000], longest=200)
    assert shift == pytest.approx(stream.delay * to_rate, abs=1)


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
def test_nothing_is_withheld(from_rate: int, to_rate: int) -> None:
    stream = Resampler(from_rate, to_rate)
    frames = 0
    for n in range(1, 50):
        frames += len(stream.push(np.zeros(from_rate // 50, np.int16)))
        assert frames >= n * (from_rate // 50) * to_rate / from_rate


@given(
    st.sampled_from(PAIRS),
    st.lists(st.integers(0, 700), min_size=1, max_size=12),
)
def test_however_it_is_cut_the_output_is_the_same(pair: tuple[int, int], cuts: list[int]) -> None:
    sound = noise(sum(cuts) / pair[0], rate=pair[0], level=-3) if sum(cuts) else noise(0.1)[:0]
    stream, whole = Resampler(*pair), Resampler(*pair)
    pieces, begin = [], 0
    for cut in cuts:
        pieces.append(stream.push(sound[begin : begin + cut]))
        begin += cut
    assert np.array_equal(np.concatenate(pieces), whole.push(sound))


def test_streams_side_by_side_equal_streams_alone() -> None:
    sounds = np.stack([noise(0.1, seed=n) for n in range(5)])
    together = Resampler(8000, 24000, (5,))
    came = np.concatenate([together.push(sounds[:, :160]), together.push(sounds[:, 160:])], axis=1)
    for sound, row in zip(sounds, came, strict=True):
        assert np.array_equal(Resampler(8000, 24000).push(sound), row)


def test_loud_sounds_are_clipped_not_wrapped() -> None:
    square = np.where(np.arange(800) // 40 % 2, 32767, -32768).astype(np.int16)
    came = resample(square, 8000, 24000).astype(int)
    assert came.max() == 32767
    assert came.min() == -32768
    assert (came[np.arange(60, 100)] < 0).all(), "the middle of a negative half"


def test_the_same_rate_changes_nothing() -> None:
    sound = noise(0.1)
    assert Resampler(8000, 8000).push(sound) is sound
    assert resample(sound, 16000, 16000) is sound


@pytest.mark.parametrize(
    ("rates", "named"),
    [((8000, 7919), "8000 Hz to 7919 Hz"), ((0, 8000), "0 Hz"), ((8000, -1), "-1")],
)
def test_rates_that_cannot_be_are_named(rates: tuple[int, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Resampler(*rates)
