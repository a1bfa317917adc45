"""What a synthesised utterance needs before it is played: telephone level, no silent edges."""

import numpy as np
from numpy.typing import NDArray

from ari_app.media.values import Samples

ACTIVE_LEVEL = -20.0
"Level of the speaking parts after `levelled`, dBFS (the active level of ITU-T P.56)."
PEAK = 0.9
"No sample goes beyond this part of full scale: louder utterances stay below ACTIVE_LEVEL."
FRAME = 160
"Samples per 20 ms frame at 8 kHz."
QUIET_BELOW_LOUDEST = 35.0
"A frame this many dB below the loudest one is not speech."
LEAD, TAIL = 1, 3
"Frames kept before the first and after the last speaking frame, so that no soft sound is cut."


def active_level(samples: Samples) -> float:
    """Mean level of the speaking frames of 8 kHz samples, dBFS; -inf for silence."""
    power = _frame_power(samples)
    speaking = power[_speaking(power)]
    return float(10 * np.log10(speaking.mean())) if len(speaking) else float("-inf")


def levelled(samples: Samples) -> Samples:
    """The 8 kHz samples with their speaking parts at ACTIVE_LEVEL, never clipped."""
    level = active_level(samples)
    if not np.isfinite(level):
        return samples
    gain = 10 ** ((ACTIVE_LEVEL - level) / 20)
    loudest = float(np.abs(samples.astype(np.float64)).max())
    gain = min(gain, PEAK * 32767 / loudest)
    scaled: Samples = np.rint(samples * gain).astype(np.int16)
    return scaled


def trimmed(samples: Samples) -> Samples:
    """The 8 kHz samples without silence before and after the speech; empty if all is silence."""
    speaking = np.flatnonzero(_speaking(_frame_power(samples)))
    if not len(speaking):
        return samples[:0]
    first = max(0, int(speaking[0]) - LEAD) * FRAME
    return samples[first : (int(speaking[-1]) + 1 + TAIL) * FRAME]


def _frame_power(samples: Samples) -> NDArray[np.float64]:
    """Mean power per frame, full scale = 1; an incomplete last frame is filled with silence."""
    frames = np.pad(samples.astype(np.float64) / 32768, (0, -len(samples) % FRAME))
    power: NDArray[np.float64] = np.square(frames.reshape(-1, FRAME)).mean(axis=1)
    return power


def _speaking(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which frames are within QUIET_BELOW_LOUDEST of the loudest, and not digital silence."""
    if not len(power):
        return np.zeros(0, dtype=bool)
    quiet = max(float(power.max()) * 10 ** (-QUIET_BELOW_LOUDEST / 10), 1e-8)
    return np.asarray(power > quiet)
