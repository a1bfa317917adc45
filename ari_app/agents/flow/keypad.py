"""What do the keys that a caller presses mean to the open question?"""

from dataclasses import dataclass

from ari_app.agents.flow.model import Ask, Choice, Digits

KEY_PAUSE = 3.0
"Seconds to wait for the next key of a choice with several."


@dataclass(frozen=True)
class Number:
    """A whole number was entered."""

    digits: str


@dataclass(frozen=True)
class Wrong:
    """The keys fit nothing."""


Meaning = Choice | Number | Wrong | None
"None: more keys are needed, or the key was left over from the entry before."


class Keypad:
    """Collects keys until they mean something.

    Call `clear` whenever the question is answered or asked again.
    """

    def __init__(self) -> None:
        self._keys = ""
        self._spare = ""
        "The terminator that may still follow an entry that was full already."
        self.due: float | None = None
        "When `pause` is to be called, seconds; None when no key is waited for."

    def __bool__(self) -> bool:
        """Some keys were pressed and others are waited for."""
        return bool(self._keys)

    def clear(self) -> None:
        self._keys, self.due = "", None

    def press(self, ask: Ask, digit: str, now: float) -> Meaning:
        spare, self._spare = self._spare, ""
        if digit == spare and not any(c.digits.startswith(digit) for c in ask.choices):
            return None
        self._keys += digit
        self.due = None
        if ask.digits is not None:
            return self._collected(ask.digits, now)
        fitting = [choice for choice in ask.choices if choice.digits.startswith(self._keys)]
        if not fitting:
            return Wrong()
        if fitting[0].digits == self._keys:
            return fitting[0]
        self.due = now + KEY_PAUSE
        return None

    def pause(self, ask: Ask) -> Meaning:
        """No other key came in time."""
        self.due = None
        if ask.digits is not None and len(self._keys) >= ask.digits.minimum:
            return Number(self._keys)
        return Wrong()

    def _collected(self, digits: Digits, now: float) -> Meaning:
        number, last = self._keys[:-1], self._keys[-1]
        if last == digits.terminator and len(number) >= digits.minimum:
            return Number(number)
        if not last.isdigit():
            return Wrong()
        if len(self._keys) == digits.maximum:
            self._spare = digits.terminator
            return Number(self._keys)
        self.due = now + digits.timeout
        return None
