"""A loss is heard as little as possible: the voice goes on, fades, and returns without a click."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.conceal import HISTORY, Concealment
from ari_app.media.values import Samples
from tests.support.audio import level, mixed, noise, snr, tone, voiced

FRAME = 160


def through(sound: Samples, lost: set[int]) -> Samples:
    """The sound as heard when these frames of it are lost."""
    one = Concealment(1)
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return np.concatenate(
        [one.lost(0, FRAME) if n in lost else one.heard(0, frame) for n, frame in enumerate(frames)]
    )


def steepest(sound: Samples) -> int:
    return int(np.abs(np.diff(sound.astype(int))).max())


def test_without_loss_nothing_changes() -> None:
    sound = voiced(0.2)
    assert np.array_equal(through(sound, set()), sound)


@pytest.mark.parametrize(("pitch", "at_least"), [(80, 25), (100, 25), (125, 25), (200, 25),
                                                  (110, 8), (170, 6)])  # fmt: skip
def test_a_voice_goes_on_with_its_pitch(pitch: float, at_least: float) -> None:
    sound = voiced(0.4, pitch=pitch)
    heard = through(sound, {8})
    first = slice(8 * FRAME, 8 * FRAME + 80)
    assert snr(heard[first], sound[first]) > at_least, "periods of whole samples are exact"
    assert level(heard[8 * FRAME : 9 * FRAME]) > level(sound) - 3


def test_after_60_ms_there_is_silence() -> None:
    heard = through(voiced(0.6), set(range(5, 20))).reshape(-1, FRAME)
    levels = [level(frame) for frame in heard]
    assert levels[5] > levels[6] > levels[7]
    assert all(frame_level == -np.inf for frame_level in levels[8:20])
    assert levels[20] > -25


@pytest.mark.parametrize("lost", [{9}, {9, 10}, {9, 10, 11, 12, 13}, {9, 11}, {9, 11, 13}])
@pytest.mark.parametrize(
    "sound",
    [voiced(0.5), voiced(0.5, pitch=113), tone(440, 0.5), noise(0.5, level=-25, colour="pink"),
     mixed(voiced(0.5, pitch=90), noise(0.5))],
    ids=["voice", "odd voice", "tone", "noise", "voice in noise"],
)  # fmt: skip
def test_no_click_at_the_joints(sound: Samples, lost: set[int]) -> None:
    heard = through(sound, lost)
    edges = [edge * FRAME for n in lost for edge in (n, n + 1)]
    around = [steepest(heard[edge - 40 : edge + 40]) for edge in edges]
    assert max(around) <= 1.6 * steepest(sound)


@pytest.mark.parametrize("phase", np.arange(0, 6.2, 0.4))
@pytest.mark.parametrize("growth", [0.4, 2.5])
def test_no_click_where_the_voice_swells_or_fades(growth: float, phase: float) -> None:
    """Loudness changes by this factor in 20 ms, so a period does not follow on itself."""
    frequency, begin = 130.0, 6 * FRAME
    wave = tone(frequency, 0.14, level=-3, phase=phase) * growth ** (
        np.arange(-begin, FRAME) / FRAME - (growth > 1)
    )
    heard = through(np.clip(wave, -32768, 32767).astype(np.int16), {6})
    natural = 2 * np.pi * frequency / 8000 * np.abs(heard[begin - 120 : begin].astype(int)).max()
    assert steepest(heard[begin - 1 :]) <= 2 * natural


def test_a_second_loss_soon_after_the_first_is_a_voice_too() -> None:
    sound = voiced(0.4, pitch=100)
    assert snr(through(sound, {8, 10})[10 * FRAME :][:80], sound[10 * FRAME :][:80]) > 10


def test_silence_stays_silence() -> None:
    assert not through(np.zeros(3200, np.int16), {3, 4, 9}).any()


def test_a_cleared_row_knows_nothing_of_the_call_before() -> None:
    one = Concealment(1)
    one.heard(0, voiced(0.1))
    one.clear(0)
    assert not one.lost(0, FRAME).any()


@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.booleans(), st.integers(1, HISTORY)), min_size=1, max_size=8),
)
def test_how_a_loss_is_cut_does_not_matter(seed: int, parts: list[tuple[bool, int]]) -> None:
    whole, cut = Concealment(1), Concealment(1)
    for one in (whole, cut):
        one.heard(0, mixed(voiced(0.1, pitch=130), noise(0.1, seed=seed)))
    for lost, length in parts:
        if lost:
            made = np.concatenate([cut.lost(0, length // 2), cut.lost(0, length - length // 2)])
            assert np.array_equal(whole.lost(0, length), made)
        else:
            sound = noise(length / 8000, seed=seed)
            assert np.array_equal(whole.heard(0, sound), cut.heard(0, sound))


def test_many_rows_at_once_equal_rows_alone() -> None:
    alone, together = Concealment(4), Concealment(4)
    rows = np.array([3, 0, 2])
    for n in range(12):
        frames = np.stack([noise(0.02, level=-20, seed=10 * n + row) for row in rows])
        if n in (5, 6, 8):  # one of the rows loses a frame
            assert np.array_equal(alone.lost(0, FRAME), together.lost(0, FRAME))
            rows_now, frames = rows[[0, 2]], frames[[0, 2]]
        else:
            rows_now = rows
        expected = [
            alone.heard(int(row), frame) for row, frame in zip(rows_now, frames, strict=True)
        ]
        assert np.array_equal(together.heard_at_once(rows_now, frames), np.stack(expected))
    assert np.array_equal(alone.history, together.history)
