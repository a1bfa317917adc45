"""What a phone heard, taken apart: when did the far side speak, and has it finished?"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ari_app.media.values import Samples
from ari_app.phone.port import FRAME, RATE, SECONDS, PhoneCall, PhoneError

AUDIBLE = 10 ** (-45 / 20) * 32768
"Root mean square of a 20 ms frame above which it is sound: -45 dBFS."


@dataclass(frozen=True)
class Stretch:
    """A stretch of sound."""

    at: float
    "Seconds since the answer."
    until: float


def stretches(samples: Samples, gap: float = 0.7) -> list[Stretch]:
    """All stretches of sound; silences shorter than `gap` seconds belong to them."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > AUDIBLE)
    if not len(loud):
        return []
    cuts = np.flatnonzero(np.diff(loud) * SECONDS > gap)
    firsts = [loud[0], *loud[cuts + 1]]
    lasts = [*loud[cuts], loud[-1]]
    return [
        Stretch(float(first) * SECONDS, float(last + 1) * SECONDS)
        for first, last in zip(firsts, lasts, strict=True)
    ]


class Listener:
    """Listens to one call as a polite person does: until the other has finished."""

    def __init__(self, call: PhoneCall) -> None:
        self._call = call
        self._after = 0.0

    @property
    def now(self) -> float:
        """Seconds since the answer."""
        return len(self._call.heard()) / RATE

    def forget(self) -> None:
        """Only what is heard from now on counts."""
        self._after = self.now

    async def onset(self, timeout: float = 10.0) -> float:
        """Wait for the next sound; when it began. Raises PhoneError."""
        return (await self._wait(timeout, lambda _: True)).at

    async def utterance(self, quiet: float = 0.7, timeout: float = 20.0) -> Stretch:
        """Wait until the far side has spoken and been silent for `quiet` seconds."""
        heard = await self._wait(timeout, lambda one: self.now - one.until >= quiet, quiet)
        self._after = heard.until
        return heard

    async def _wait(
        self, timeout: float, enough: Callable[[Stretch], bool], gap: float = 0.7
    ) -> Stretch:
        deadline = asyncio.get_running_loop().time() + timeout
        while asyncio.get_running_loop().time() < deadline:
            found = stretches(self._call.heard_since(self._after), gap)
            if found:
                one = Stretch(found[0].at + self._after, found[0].until + self._after)
                if enough(one):
                    return one
            if self._call.state == "ended":
                raise PhoneError("the call ended while we listened")
            await asyncio.sleep(0.04)
        raise PhoneError(f"nothing was said to its end within {timeout:.0f} s")
