"""How good a media was: jitter as RFC 3550 defines it, and what a listener would say of it.

Packets lost, reordered, late and doubled are counted where it is decided what they are (reorder).
"""

from math import isnan

import numpy as np
from numpy.typing import NDArray

from ari_app.media.serial import Integers, timestamp_distance

Seconds = NDArray[np.float64]

_R_BEST = 93.2
"The rating of G.711 with all of ITU-T G.107's defaults."
_BPL = 25.1
"Robustness of G.711 with concealment against loss, ITU-T G.113 appendix I."


class Jitter:
    """Interarrival jitter of many streams (RFC 3550 §6.4.1, appendix A.8); a row is one stream."""

    def __init__(self, count: int, rate: int = 8000) -> None:
        self.seconds: Seconds = np.zeros(count)
        "The estimate: a mean deviation with a memory of about 16 packets."
        self._rate = rate
        self._arrival: Seconds = np.full(count, np.nan)
        self._timestamp: Integers = np.zeros(count, np.int64)

    def clear(self, row: int) -> None:
        """Begin a new stream. Also after a change of SSRC: its timestamps are others."""
        self.seconds[row] = 0
        self._arrival[row] = np.nan

    def arrived(self, row: int, timestamp: int, now: float) -> None:
        """Take a packet: its timestamp and when it came, seconds.

        Leave packets out that share a timestamp with others (telephone events) or come twice.
        """
        apart = now - self._arrival.item(row)
        if not isnan(apart):  # not the first packet
            sent = timestamp_distance(timestamp, self._timestamp.item(row)) / self._rate
            jitter = self.seconds.item(row)
            self.seconds[row] = jitter + (abs(apart - sent) - jitter) / 16
        self._timestamp[row] = timestamp
        self._arrival[row] = now

    def arrived_at_once(self, rows: Integers, timestamp: Integers, now: Seconds) -> None:
        """The same for many different rows; all arrays have shape (n,)."""
        sent = timestamp_distance(timestamp, self._timestamp[rows]) / self._rate
        change = np.abs(now - self._arrival[rows] - sent) - self.seconds[rows]
        self.seconds[rows] += np.nan_to_num(change) / 16
        self._timestamp[rows] = timestamp
        self._arrival[rows] = now


def rating(delay: float, loss: float, burst: float = 1.0) -> float:
    """The E-model's R, 0 to 93.2, of G.711 with concealment (ITU-T G.107, the simplified form).

    delay: one way from mouth to ear, seconds; loss: share of speech that was concealed, 0 to 1;
    burst: how much longer runs of loss are than independent losses would be, ≥ 1.
    """
    for name, value, least, most in (
        ("delay", delay, 0.0, np.inf), ("loss", loss, 0.0, 1.0), ("burst", burst, 1.0, np.inf),
    ):  # fmt: skip
        if not least <= value <= most:
            raise ValueError(f"{name} is {value}, expected {least:g} to {most:g}")
    milliseconds, percent = 1000 * delay, 100 * loss
    by_delay = 0.024 * milliseconds + 0.11 * max(0.0, milliseconds - 177.3)
    by_loss = 95 * percent / (percent / burst + _BPL)
    return max(0.0, _R_BEST - by_delay - by_loss)


def opinion(r: float) -> float:
    """The mean opinion score, 1 (bad) to 4.5, of a rating (ITU-T G.107 annex B)."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    # Below R 6.5 the cubic dips under 1, which is no score.
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
