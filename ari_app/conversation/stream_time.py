"""Where is the caller's stream now, and when was it at a given place?"""


class StreamTime:
    """Ties the caller's stream time (seconds of audio) to `now` (monotonic seconds).

    Two clocks that drift, so the newest sighting counts, not the first.
    """

    def __init__(self) -> None:
        self._at = 0.0
        self._now: float | None = None

    def reached(self, at: float, now: float) -> None:
        self._at, self._now = at, now

    def at(self, now: float) -> float:
        """The stream's position now, seconds; 0 before it began."""
        return 0.0 if self._now is None else max(0.0, self._at + now - self._now)

    def when(self, at: float, now: float) -> float:
        """When the stream was at this place, never later than now."""
        return now if self._now is None else min(now, self._now + at - self._at)
