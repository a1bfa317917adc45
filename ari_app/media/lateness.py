"""How late did frames leave? A histogram that costs a few microseconds a beat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BOUNDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.2)
"Upper limits of the buckets, seconds; one more bucket takes the rest."


@dataclass(frozen=True)
class LatenessSeen:
    """The histogram at one moment. Counts only ever grow."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    "Frames in each bucket of BOUNDS, and above the last one."
    seconds: float = 0.0
    "Sum of all latenesses."


class Lateness:
    """Counts. One thread adds, any may look."""

    def __init__(self) -> None:
        self._bounds = np.array(BOUNDS)
        self._counts = np.zeros(len(BOUNDS) + 1, np.int64)
        self._seconds = 0.0

    def add(self, late: NDArray[np.float64]) -> None:
        """late: seconds after the deadline, shape (n,); what was not due yet (negative, NaN or
        infinite) does not count."""
        due = late[np.isfinite(late) & (late >= 0)]
        self._counts += np.bincount(np.searchsorted(self._bounds, due), minlength=len(self._counts))
        self._seconds += float(due.sum())

    def seen(self) -> LatenessSeen:
        return LatenessSeen(tuple(self._counts.tolist()), self._seconds)
