"""Has the caller been silent for too long?"""

from enum import Enum


class Remedy(Enum):
    """What to do about a silent caller."""

    ASK_AGAIN = "ask again"
    GIVE_UP = "give up"


class NoInput:
    """Counts silence from the end of our last word that was played, or whatever else happened
    last; asks again, asks again, gives up."""

    def __init__(self, reprompts: int) -> None:
        self._reprompts = reprompts
        self._asked = 0
        self._since = 0.0
        self.patience = 6.0
        "Seconds of silence; inf: never."

    def stir(self, now: float) -> None:
        """Something could be heard then, by either side: silence began anew."""
        self._since = max(self._since, now)

    def caller_took_part(self, now: float) -> None:
        """The caller said or pressed something: all is forgiven."""
        self._asked = 0
        self.stir(now)

    def due_at(self) -> float:
        """When (`now`) the silence is too long."""
        return self._since + self.patience

    def remedy(self, now: float) -> Remedy:
        """Call it when it is due."""
        self._since = now
        if self._asked >= self._reprompts:
            return Remedy.GIVE_UP
        self._asked += 1
        return Remedy.ASK_AGAIN
