"""What to play where audio was lost: the caller's own pitch, repeated and faded.

After the idea of ITU-T G.711 appendix I, without its delay: what was given out already is not
touched, so the joint at the beginning is smoothed forwards. Voice lasts for 10 ms at full strength
and is silent 60 ms after the loss began; what comes back is faded in over 4 ms.
"""

import numpy as np
from numpy.typing import NDArray

from ari_app.media.serial import Integers
from ari_app.media.values import Samples

HISTORY = 480
"Samples of the past that are kept: 60 ms."
LAGS = (40, 120)
"The pitch that is looked for, in samples: 200 to 66 Hz (higher ones by their multiples)."
FADED = 480
"Samples after which nothing is left of the voice: 60 ms."

_TEMPLATE = 160
_FULL = 80
_JOINT = 32
_FADE_IN = np.arange(1, _JOINT + 1) / (_JOINT + 1)


class Concealment:
    """Fills the losses of many streams; a row is one stream of 8 kHz."""

    def __init__(self, count: int) -> None:
        self.history: Samples = np.zeros((count, HISTORY), np.int16)
        "What was given out before the loss (or last, while nothing is lost)."
        self.missing: Integers = np.zeros(count, np.int64)
        "Samples made since the last that was received."
        self.lag: Integers = np.ones(count, np.int64)
        "The pitch period of the loss, samples."

    def clear(self, row: int) -> None:
        self.history[row] = 0
        self.missing[row] = 0

    def lost(self, row: int, count: int) -> Samples:
        """Make the next `count` samples, shape (count,), of a stream whose audio is missing."""
        if not self.missing[row]:
            self.lag[row] = _pitch(self.history[row])
        begin = int(self.missing[row])
        self.missing[row] += count
        if begin >= FADED:
            return np.zeros(count, np.int16)
        return _rounded(self._made(row, begin, count))

    def heard(self, row: int, samples: Samples) -> Samples:
        """Take what was received, shape (n,); returns it, its beginning smoothed after a loss."""
        missing = int(self.missing[row])
        if missing:
            samples = self._joined(row, missing, samples)
            made = min(missing, HISTORY)
            self._remember(row, _rounded(self._made(row, missing - made, made)))
            self.missing[row] = 0
        self._remember(row, samples)
        return samples

    def heard_at_once(self, rows: Integers, frames: Samples) -> Samples:
        """The same for many different rows; frames: shape (len(rows), n), n ≤ 480."""
        losing = self.missing[rows] > 0
        if losing.any():
            frames = frames.copy()
            for index in np.flatnonzero(losing):
                frames[index] = self.heard(int(rows[index]), frames[index])
            rows, kept = rows[~losing], frames[~losing]
        else:
            kept = frames
        length = kept.shape[1]
        self.history[rows] = np.concatenate((self.history[rows, length:], kept), axis=1)
        return frames

    def _remember(self, row: int, samples: Samples) -> None:
        history = self.history[row]
        history[:] = np.concatenate((history, samples))[-HISTORY:]

    def _joined(self, row: int, missing: int, samples: Samples) -> Samples:
        """Cross-fade from what would have been made next."""
        length = min(_JOINT, len(samples))
        weight = _FADE_IN[:length]
        made = self._made(row, missing, length)
        joined = samples.copy()
        joined[:length] = _rounded(made + weight * (samples[:length] - made))
        return joined

    def _made(self, row: int, begin: int, count: int) -> NDArray[np.float64]:
        """Samples `begin` to `begin + count` of the loss, before rounding."""
        history, lag = self.history[row].astype(np.float64), int(self.lag[row])
        at = np.arange(begin, begin + count)
        wave = _cycle(history, lag)[at % lag]
        # The cycle follows on the sample before it; that the history ended elsewhere is a step,
        # which is taken up at first and dropped gradually.
        step = history[-1] - history[-lag - 1]
        wave += step * np.clip(1 - (at + 1) / _JOINT, 0, 1)
        fade: NDArray[np.float64] = np.clip((FADED - at) / (FADED - _FULL), 0, 1)
        return wave * fade


def _pitch(history: Samples) -> int:
    """The lag at which the end of the history resembles itself most."""
    shortest, longest = LAGS
    past = history[-_TEMPLATE - longest :].astype(np.float64)
    template = past[-_TEMPLATE:]
    likeness = np.correlate(past[: -shortest or None], template, "valid")
    energy = np.convolve(past[:-shortest] ** 2, np.ones(_TEMPLATE), "valid")
    return longest - int(np.argmax(likeness / np.sqrt(energy + 1)))


def _cycle(history: NDArray[np.float64], lag: int) -> NDArray[np.float64]:
    """The last period, its end bent so that its beginning can follow on it."""
    cycle = history[-lag:].copy()
    bend = min(_JOINT, lag // 4)
    weight = _FADE_IN[:: _JOINT // bend][:bend]
    before = history[-lag - bend : -lag]
    cycle[-bend:] += weight * (before - cycle[-bend:])
    return cycle


def _rounded(wave: NDArray[np.float64]) -> Samples:
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
