"""What did the caller say in this turn? Keeps the last seconds of the caller's audio."""

from collections import deque

import numpy as np

from ari_app.media.values import Audio

PRE_ROLL = 0.3
"Seconds from before a turn's beginning that belong to it: no first word is lost."
POST_ROLL = 0.3
"Seconds after its last speech that belong to it."
LONGEST = 15.0
"Seconds that are kept; of a longer turn only its end is listened to."


class UtteranceAudio:
    """Give it every frame, in order; stream time is the seconds of audio given so far.

    A turn may have begun long before we are told: while the caller talked over a notice.
    """

    def __init__(self, rate: int = 8000) -> None:
        self._rate = rate
        self._frames: deque[Audio] = deque()
        self._kept = 0.0
        self._reached = 0.0
        self._began: float | None = None

    def hear(self, frame: Audio) -> None:
        self._frames.append(frame)
        self._reached += frame.seconds
        self._kept += frame.seconds
        while self._kept > LONGEST:
            self._kept -= self._frames.popleft().seconds

    def begin(self, at: float) -> None:
        """A turn began at this stream time. One that had begun already goes on."""
        if self._began is None:
            self._began = min(at, self._reached) - PRE_ROLL

    def forget(self) -> None:
        """It was no turn."""
        self._began = None

    def end(self, at: float) -> Audio | None:
        """The turn whose last speech was at this stream time; None when none had begun."""
        began, self._began = self._began, None
        if began is None or not self._frames:
            return None
        samples = np.concatenate([frame.samples for frame in self._frames])
        origin = self._reached - self._kept
        first = max(0, round((began - origin) * self._rate))
        until = max(0, round((at + POST_ROLL - origin) * self._rate))
        return Audio(samples[first : until if until > first else None], self._rate)
