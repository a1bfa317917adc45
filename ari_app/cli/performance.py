"""The demo's caller at work: it listens, speaks and presses keys, and what it does and hears is
told as it happens."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ari_app.cli.story import Interrupt, LeaveMessage, Move, Press, Say
from ari_app.media.values import Samples
from ari_app.phone.listen import Listener, Stretch, stretches
from ari_app.phone.port import RATE, PhoneCall
from ari_app.timeline import Mark

Told = Callable[[Mark, str], None]
"What happened, and a remark on it."


class Speaker(Protocol):
    async def say(self, text: str) -> Samples: ...


class Hearing(Protocol):
    """Understands what the phone heard, given what may have been said."""

    async def sentences(self, samples: Samples) -> str: ...


class Performance:
    """One call's caller."""

    def __init__(self, call: PhoneCall, speaker: Speaker, hearing: Hearing, told: Told) -> None:
        self._call = call
        self._speaker = speaker
        self._hearing = hearing
        self._told = told
        self._listener = Listener(call)
        self._done: float | None = None
        "When the caller's last word or key was over."
        self.waits: list[float] = []
        "Seconds from the end of the caller's speech to the agent's first sound, each."

    async def make(self, move: Move) -> None:
        """Raises PhoneError when the agent does not speak or finish in time."""
        match move:
            case Say(text):
                await self._listen()
                await self._say(text)
            case Press(digits):
                await self._listen()
                at = self._listener.now
                await self._call.press(digits)
                self._told(Mark("keys", at, self._listener.now, digits), "")
                self._done = None
            case Interrupt(text, after):
                onset = await self._listener.onset()
                self._note_wait(onset)
                await asyncio.sleep(onset + after - self._listener.now)
                await self._say(text, interrupting=True)
            case LeaveMessage(text):
                await self._listen(quiet=1.0)
                await self._say(text)
                await asyncio.sleep(0.5)

    async def _listen(self, quiet: float = 0.7) -> None:
        heard = await self._listener.utterance(quiet=quiet)
        self._note_wait(heard.at)
        await self._note_heard(heard)

    async def _note_heard(self, heard: Stretch) -> None:
        samples = self._call.heard()[int(heard.at * RATE) : int(heard.until * RATE)]
        words = await self._hearing.sentences(samples)
        self._told(Mark("agent", heard.at, heard.until, words), "")

    def _note_wait(self, onset: float) -> None:
        if self._done is not None:
            wait, self._done = onset - self._done, None
            self.waits.append(wait)
            self._told(Mark("wait", onset - wait, onset, f"{1000 * wait:.0f} ms"), "")

    async def _say(self, text: str, *, interrupting: bool = False) -> None:
        samples = await self._speaker.say(text)
        at = self._listener.now
        self._call.play(samples)
        await self._call.played()
        self._done = self._listener.now
        self._told(Mark("caller", at, self._done, text), "interrupting" if interrupting else "")
        if interrupting:
            await self._note_cut(at)

    async def _note_cut(self, at: float) -> None:
        """How long the agent went on after the caller began."""
        await asyncio.sleep(0.2)
        samples = self._call.heard()[int(at * RATE) :]
        loud = stretches(samples, gap=0.1)
        stopped = loud[0].until if loud and loud[0].at < 0.1 else 0.0
        self._listener.forget()
        text = f"agent silent after {1000 * stopped:.0f} ms"
        self._told(Mark("event", at + stopped, at + stopped, text), "")
