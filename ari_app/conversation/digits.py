"""Which keys did the caller press, and which of them does the agent not know yet?"""

DOUBLING = 0.04
"Asterisk repeats a digit within this long after its own duration, seconds (DESIGN §5)."


class Digits:
    def __init__(self) -> None:
        self._last = ""
        self._last_at = float("-inf")
        self.untold = ""
        "Pressed, and not taken yet."
        self.masked = False
        "Keys are secret: shown as dots outside the agent."

    def press(self, digit: str, duration: float, now: float) -> bool:
        """True if the caller pressed it; False if it is the last key's echo.

        A key is told when it is released, so an honest repetition comes later than its own
        duration plus the finger's way up and down.
        """
        doubled = digit == self._last and now - self._last_at <= duration + DOUBLING
        if not doubled:
            self._last, self._last_at = digit, now
            self.untold += digit
        return not doubled

    def take(self) -> str:
        """All that is untold; after this it is told."""
        keys, self.untold = self.untold, ""
        return keys

    def shown(self, digits: str) -> str:
        """How keys appear in journal and transcript."""
        return "•" * len(digits) if self.masked else digits
