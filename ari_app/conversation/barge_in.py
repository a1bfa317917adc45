"""Does the caller interrupt us, or was it a cough?

Suspect, pause at once, decide, then commit or resume (DESIGN §5). A caller whose line makes us
stop for nothing is no longer believed on suspicion: then only confirmed speech stops us.
"""

from dataclasses import dataclass
from typing import Literal

from ari_app.conversation.commands import WriteBargeIn
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.turns import Turns

QUIET_AFTER_SPURT = 0.2
"Without a pause to end, a short sound is dismissed this long after it, seconds."


@dataclass(frozen=True)
class Suspicion:
    """Somebody may be interrupting us."""

    onset: float
    "`now` at which the sound began."
    since: float
    "`now` at which we suspected it."
    paused: bool
    "Did we pause for it?"


class BargeIn:
    def __init__(self, settings: FloorSettings) -> None:
        self._settings = settings
        self._false: list[float] = []
        "When we paused for nothing, `now`."
        self.suspicion: Suspicion | None = None
        self.pausing = False
        "True while our output is to be paused for the suspicion."

    def suspect(self, onset: float, now: float) -> None:
        window = now - self._settings.false_window
        self._false = [when for when in self._false if when > window]
        believed = len(self._false) < self._settings.false_limit
        self.suspicion = Suspicion(onset, now, believed)
        self.pausing = believed

    def verdict_at(self, turns: Turns) -> float:
        """The next moment (`now`) at which something may be decided."""
        if self.suspicion is None:
            return float("inf")
        confirmed = turns.heard_by(self._settings.confirm, self._settings.hangover)
        return min(confirmed, self._patience(turns))

    def confirmed(self, turns: Turns, now: float) -> bool:
        """Enough was said to be an interruption."""
        return now >= turns.heard_by(self._settings.confirm, self._settings.hangover)

    def doubted(self, turns: Turns, now: float) -> bool:
        """The pause has lasted long enough: go on. If the caller is silent the suspicion is
        dismissed (True); else it stays, and confirmed speech still commits."""
        if self.suspicion is None or now < self._patience(turns):
            return False
        self.pausing = False
        return not turns.speaking

    def settle(self, by: Literal["speech", "key", ""], now: float) -> WriteBargeIn:
        """The verdict: an interruption by speech or key, or nothing ('')."""
        doubt = self.suspicion
        if doubt is not None and doubt.paused and not by:
            self._false.append(now)
        self.drop()
        paused = doubt.since - doubt.onset if doubt is not None and doubt.paused else None
        decided = now - doubt.onset if doubt is not None and by != "key" else 0.0
        return WriteBargeIn(bool(by), by or "speech", paused, decided)

    def drop(self) -> None:
        """The question is no longer asked: there is nothing to interrupt."""
        self.suspicion, self.pausing = None, False

    def _patience(self, turns: Turns) -> float:
        if self.suspicion is None:
            return float("inf")
        if self.pausing:
            return self.suspicion.since + self._settings.verdict
        return float("inf") if turns.speaking else turns.silent_from + QUIET_AFTER_SPURT
