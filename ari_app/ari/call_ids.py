"""Identities of calls: short, without dots, sorting by time."""

import secrets
import time
from collections.abc import Callable

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"Crockford's base 32: no letter that is mistaken for a digit."


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


class CallIds:
    """Nine characters of wallclock milliseconds, never repeated, and three of chance, which keep
    two workers apart."""

    def __init__(self, clock: Callable[[], int] = _milliseconds) -> None:
        self._clock = clock
        self._last = 0

    def new(self) -> str:
        self._last = max(self._last + 1, self._clock())
        return _base32(self._last, 9) + _base32(secrets.randbelow(32**3), 3)


def _base32(number: int, width: int) -> str:
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(width)))
