"""When has the caller's turn begun and ended?

A turn is a row of talkspurts with silences shorter than the caller's patience setting between
them. Audio is measured in stream time, deadlines in `now`.
"""

from dataclasses import dataclass

SHORTEST_SILENCE = 0.5
LONGEST_SILENCE = 3.0
"Bounds of the silence that ends a turn, seconds."


@dataclass(frozen=True)
class Turn:
    """What the caller said in one go."""

    began: float
    "Stream time of the first speech, seconds."
    ended: float
    "Stream time of the last speech, seconds."
    voiced: float
    "Seconds of speech in it."
    silent_from: float
    "When the last speech was over, `now`."


class Turns:
    """Follows one turn after the other."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._began: float | None = None
        "Stream time at which the turn began; None between turns."
        self._onset = 0.0
        "The same, in `now`."
        self._spurt: tuple[float, float] | None = None
        "Onset of the present talkspurt: stream time and `now`."
        self._voiced = 0.0
        self._last_speech = (0.0, 0.0)
        "End of the last talkspurt: stream time and `now`."
        self.silence = SHORTEST_SILENCE
        "The silence that ends a turn, seconds."

    @property
    def is_open(self) -> bool:
        return self._began is not None

    @property
    def speaking(self) -> bool:
        return self._spurt is not None

    @property
    def began(self) -> float:
        """Stream time at which the open turn began."""
        return self._began or 0.0

    @property
    def onset(self) -> float:
        """When (`now`) the open turn began."""
        return self._onset

    @property
    def silent_from(self) -> float:
        """When (`now`) the last speech ended."""
        return self._last_speech[1]

    def set_silence(self, seconds: float) -> None:
        self.silence = min(max(seconds, SHORTEST_SILENCE), LONGEST_SILENCE)

    def speech_began(self, at: float, when: float) -> bool:
        """`when` is `at` in terms of now. False if it had begun already."""
        if self._spurt is not None:
            return False
        self._spurt = (at, when)
        if self._began is None:
            self._began, self._onset, self._voiced = at, when, 0.0
        return True

    def speech_ended(self, at: float, when: float) -> bool:
        """False if there was none."""
        if self._spurt is None:
            return False
        self._voiced += max(0.0, at - self._spurt[0])
        self._spurt = None
        self._last_speech = (at, when)
        return True

    def heard_by(self, seconds: float, hangover: float) -> float:
        """When (`now`) this much speech is certain if the caller goes on; inf if silent and
        less was said. A detector's silence is only known `hangover` later."""
        missing = seconds - self._voiced
        if not self.is_open:
            return float("inf")
        if self._spurt is None:
            return self.silent_from if missing <= 0 else float("inf")
        return self._spurt[1] + max(0.0, missing + hangover)

    def over_at(self) -> float:
        """When (`now`) the open turn will be over unless the caller goes on."""
        if not self.is_open:
            return float("inf")
        limit = self._onset + self._longest
        return limit if self.speaking else min(limit, self.silent_from + self.silence)

    def close(self, at: float, now: float) -> Turn:
        """End the open turn; a talkspurt that lasts counts until now (`at` in stream time)
        and opens no other turn."""
        if self._spurt is not None:
            self.speech_ended(at, now)
        ended, silent_from = self._last_speech
        turn = Turn(self.began, ended, self._voiced, silent_from)
        self._began = None
        return turn
