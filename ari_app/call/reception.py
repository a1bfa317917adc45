"""Nothing comes from the caller: is the caller silent, or is our leg lost?

A phone that suppresses silence sends nothing, and so does a muted one. The PBX counts what it
receives from the phone: if that count grows while we get nothing, what is lost is ours.
"""

from ari_app.call.deadlines import Deadlines
from ari_app.call.settings import CallSettings

ALIVE = 10.0
"Packets a second that only speech or a phone without silence suppression makes."


class Reception:
    """Two readings of the PBX's counter decide. It sets two deadlines: "second look" for another
    reading, "caller gone silent" for the end of our patience."""

    def __init__(self, settings: CallSettings, deadlines: Deadlines) -> None:
        self._settings = settings
        self._deadlines = deadlines
        self._first: int | None = None
        self._watching = False

    def quiet(self, seconds: float, now: float) -> None:
        """Nothing has come for so long: a first reading is being asked for."""
        self._watching = True
        self._first = None
        gone = now - seconds + self._settings.caller_gone
        self._deadlines.set_once("caller gone silent", gone)

    def heard(self) -> None:
        """Packets came again: readings mean nothing any more."""
        self._watching = False
        self._deadlines.drop("second look", "caller gone silent")

    def lost(self, count: int | None, now: float) -> bool:
        """A reading came; does it show that the PBX hears what we do not? The first cannot.

        count: packets so far, None when the PBX does not say.
        """
        if not self._watching or count is None:
            return False
        if self._first is None:
            self._first = count
            self._deadlines.set("second look", now + self._settings.second_look)
            return False
        return count - self._first >= ALIVE * self._settings.second_look
