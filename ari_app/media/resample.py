"""From one sampling rate to another, streaming, without keeping anything back.

A polyphase FIR low-pass of 24 taps per sample of the lower rate. It delays by 1.5 ms where one of
the rates is 8 kHz (12 / lower rate in general) and gives out every sample that can be known, so a
frame of 20 ms in is a frame of 20 ms out. (soxr's streaming mode keeps 40 to 150 ms back.)

Work is done in blocks: a block of input, with the history that its taps reach, times one matrix is
a block of output. That is one matrix product for a frame as for the frames of a hundred calls.
Coefficients are integers in float64, so every sum is exact: output does not depend on how the
input was cut, nor on the order in which a BLAS adds up.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ari_app.media.values import Samples

Floats = NDArray[np.float64]

TAPS = 24
"Per sample of the lower rate."
LARGEST_FACTOR = 1000
"Of the reduced fraction of the rates; bounds the size of the matrix."

_CUTOFF = 0.94
"Of half the lower rate: what is above 4.6 kHz must not fold down into speech, 3.4 kHz must stay."
_BETA = 7.0
"Kaiser's window: about 70 dB."
_UNIT = 1 << 22
"1.0 in coefficients: sums stay below 2⁵³ with room to spare."
_SMALL = 8
"Factors up to this are repeated as often in one block, so that a block is worth a product."


@dataclass(frozen=True, eq=False)
class _Filter:
    """A conversion as a matrix: `inputs` samples and the `reach` before them → `outputs`."""

    inputs: int
    outputs: int
    reach: int
    matrix: Floats
    "Shape (reach + inputs, outputs)."
    delay: int
    "Output samples."

    def convert(self, window: Floats) -> Samples:
        """Shape (…, reach + n · inputs) → (…, n · outputs)."""
        count = (window.shape[-1] - self.reach) // self.inputs
        window = np.ascontiguousarray(window)
        step = window.itemsize
        blocks: Floats = np.ndarray(
            (*window.shape[:-1], count, len(self.matrix)),
            window.dtype,
            buffer=window,
            strides=(*window.strides[:-1], self.inputs * step, step),
        )
        result = np.ascontiguousarray(blocks) @ self.matrix
        np.rint(result, out=result)
        np.clip(result, -32768, 32767, out=result)
        return result.astype(np.int16).reshape(*window.shape[:-1], count * self.outputs)


@lru_cache(maxsize=64)
def _filter(from_rate: int, to_rate: int) -> _Filter:
    for rate in (from_rate, to_rate):
        if rate <= 0:
            raise ValueError(f"sampling rate is {rate} Hz, expected a positive one")
    common = gcd(from_rate, to_rate)
    up, down = to_rate // common, from_rate // common
    wide = max(up, down)
    if wide > LARGEST_FACTOR:
        raise ValueError(
            f"cannot resample {from_rate} Hz to {to_rate} Hz: the fraction {up}/{down} has terms "
            f"over {LARGEST_FACTOR}; use a common rate such as 8000, 16000, 22050, 24000 or 48000"
        )
    phases = _phases(up, wide)
    taps = phases.shape[1]
    repeat = _SMALL if wide <= _SMALL else 1
    matrix = np.zeros((taps - 1 + down * repeat, up * repeat))
    for output in range(up * repeat):
        newest, phase = divmod(output * down, up)
        matrix[newest : newest + taps, output] = phases[phase, ::-1]
    return _Filter(
        inputs=down * repeat,
        outputs=up * repeat,
        reach=taps - 1,
        matrix=matrix,
        delay=TAPS // 2 * wide // down,
    )


def _phases(up: int, wide: int) -> Floats:
    """The low-pass, split into its phases: shape (up, taps), the newest sample's tap first."""
    centre = TAPS // 2 * wide
    at = np.arange(2 * centre) - centre
    taps = np.sinc(_CUTOFF * at / wide) * np.kaiser(2 * centre + 1, _BETA)[:-1]
    length = -(-len(taps) // up)
    phases = np.append(taps, np.zeros(length * up - len(taps))).reshape(length, up).T
    phases = phases / phases.sum(axis=1, keepdims=True)  # each phase passes a constant unchanged
    exact: Floats = np.rint(phases * _UNIT) / _UNIT
    return exact


class Resampler:
    """One stream, or a matrix of streams that advance together."""

    def __init__(self, from_rate: int, to_rate: int, shape: tuple[int, ...] = ()) -> None:
        """shape: of the streams, e.g. (100,). Raises ValueError for rates without a small ratio."""
        self._filter = _filter(from_rate, to_rate)
        self._same = from_rate == to_rate
        self._window: Floats = np.zeros((*shape, self._filter.reach))
        self._given = 0  # outputs of the block that is not complete yet
        self.delay = 0.0 if self._same else TAPS / 2 / min(from_rate, to_rate)
        "Seconds by which the output comes after the input."

    def push(self, samples: Samples) -> Samples:
        """The next samples, shape (*shape, n), any n; all output that can be known by now."""
        if self._same:
            return samples
        filter_ = self._filter
        window: Floats = np.concatenate((self._window, samples), axis=-1)
        known = window.shape[-1] - filter_.reach
        whole, part = divmod(known, filter_.inputs)
        outputs = -(-known * filter_.outputs // filter_.inputs)
        padded = window
        if part:  # the block is not complete: what its later samples reach is not given out yet
            missing = np.zeros((*window.shape[:-1], filter_.inputs - part))
            padded = np.concatenate((window, missing), axis=-1)
        result = filter_.convert(padded)[..., self._given : outputs]
        self._window = window[..., whole * filter_.inputs :]
        self._given = outputs - whole * filter_.outputs
        return result


def resample(samples: Samples, from_rate: int, to_rate: int) -> Samples:
    """A whole recording, shape (n,), aligned: the delay is taken out (to within a sample).

    Raises ValueError for rates without a small ratio.
    """
    if from_rate == to_rate:
        return samples
    filter_ = _filter(from_rate, to_rate)
    length = -(-len(samples) * to_rate // from_rate)
    tail = -(-(filter_.delay + 1) * from_rate // to_rate)
    result = Resampler(from_rate, to_rate).push(np.append(samples, np.zeros(tail, np.int16)))
    return result[filter_.delay : filter_.delay + length]
