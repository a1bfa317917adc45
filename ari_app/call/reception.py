"""Nothing comes from the caller: is the caller silent, or is our leg lost?

A phone that suppresses silence sends nothing, and so does a muted one. The PBX counts what it
receives from the phone: if that count grows while we get nothing, what is lost is ours.
"""

from dataclasses import dataclass

ALIVE = 10.0
"Packets a second that only speech or a phone without silence suppression makes."


@dataclass
class Reception:
    """Two readings of the PBX's counter, `apart` seconds from each other, decide."""

    apart: float
    _first: int | None = None
    _watching: bool = False

    def quiet(self) -> None:
        """Silence was reported: a first reading is being asked for."""
        self._watching = True
        self._first = None

    def heard(self) -> None:
        """Packets came again: readings mean nothing any more."""
        self._watching = False

    def needs_another(self, count: int) -> bool:
        """Is this the first reading, so that a second one is to follow?"""
        if self._watching and self._first is None:
            self._first = count
            return True
        return False

    def lost(self, count: int) -> bool:
        """Does the second reading show that the PBX hears what we do not?"""
        if not self._watching or self._first is None:
            return False
        return count - self._first >= ALIVE * self.apart
