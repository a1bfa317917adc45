"""Where does the caller go from here, and why? To a destination that was asked for, or to the
fallback; a destination that fails is followed by the fallback."""

from collections.abc import Mapping

from ari_app.call.commands import HandBack
from ari_app.call.events import Event, HandOverAsked
from ari_app.call.settings import Extension
from ari_app.call.table import key


class Departure:
    """The way of one caller back into the dialplan."""

    def __init__(self, fallback: Extension, destinations: Mapping[str, Extension]) -> None:
        self._fallback = fallback
        self._destinations = destinations
        self._target = fallback
        self.outcome = ""
        "How it went so far, in a few words."

    def choose(self, destination: str) -> bool:
        """Go to a destination; False when none has this name."""
        target = self._destinations.get(destination)
        if target is None:
            return False
        self._target, self.outcome = target, f"handed over to {destination}"
        return True

    def fall_back(self, event: Event) -> None:
        """Go to the fallback because of this event."""
        self._target, self.outcome = self._fallback, f"fallback: {_why(event)}"

    def retreat(self) -> bool:
        """The way failed: go to the fallback. False when it is the fallback that failed."""
        if self._target == self._fallback:
            return False
        self._target = self._fallback
        self.outcome += ", which failed: fallback"
        return True

    def command(self) -> HandBack:
        """What the PBX is asked for."""
        return HandBack(self._target.context, self._target.extension, self._target.priority)


def _why(event: Event) -> str:
    if isinstance(event, HandOverAsked):
        return f"no destination is named {event.destination!r}"
    reason = getattr(event, "reason", "")
    return f"{key(event)}: {reason}" if reason else key(event)
