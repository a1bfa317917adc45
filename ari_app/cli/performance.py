"""The demo's caller at work: it listens, speaks and presses keys, and what it does and hears is
told as it happens."""

import asyncio
from typing import Protocol

from ari_app.cli.story import Interrupt, LeaveMessage, Move, Press, Say
from ari_app.media.values import Audio, Samples
from ari_app.phone.listen import Listener, Stretch, stretches
from ari_app.phone.port import RATE, PhoneCall
from ari_app.timeline import Mark


class Speaker(Protocol):
    async def say(self, text: str) -> Samples: ...


class Audience(Protocol):
    """Whom everything is told."""

    def tell(self, mark: Mark) -> None: ...

    def heard(self, stretch: Stretch, audio: Audio, *, cut: bool) -> None:
        """The far side spoke; `cut` when it was interrupted."""


class Performance:
    """One call's caller."""

    def __init__(self, call: PhoneCall, voice: Speaker, audience: Audience) -> None:
        self._call = call
        self._voice = voice
        self._audience = audience
        self._listener = Listener(call)
        self._onset = 0.0
        self._done: float | None = None
        "When the caller's last word was over, until it is answered."

    async def make(self, move: Move) -> None:
        """Raises PhoneError when the far side does not speak or finish in time."""
        match move:
            case Say(text):
                await self._listen()
                await self._say(text)
            case Press(digits, after):
                if after is None:
                    await self._listen()
                else:
                    await self._let_speak(after)
                await self._press(digits)
            case Interrupt(text, after):
                await self._let_speak(after)
                began = self._listener.now
                await self._say(text)
                await self._note_cut(began)
            case LeaveMessage(text):
                await self._listen(quiet=1.0)
                await self._say(text)
                await asyncio.sleep(0.5)

    async def _listen(self, quiet: float = 0.7) -> None:
        stretch = await self._listener.utterance(quiet=quiet)
        self._note_wait(stretch.at)
        self._note_heard(stretch, cut=False)

    async def _let_speak(self, seconds: float) -> None:
        self._onset = await self._listener.onset()
        self._note_wait(self._onset)
        await asyncio.sleep(max(0.0, self._onset + seconds - self._listener.now))

    async def _say(self, text: str) -> None:
        samples = await self._voice.say(text)
        at = self._listener.now
        self._call.play(samples)
        await self._call.played()
        self._done = self._listener.now
        self._audience.tell(Mark("caller", at, self._done, text))

    async def _press(self, digits: str) -> None:
        at = self._listener.now
        await self._call.press(digits)
        self._audience.tell(Mark("keys", at, self._listener.now, digits))

    async def _note_cut(self, at: float) -> None:
        """How long did the far side go on after the caller began?"""
        await asyncio.sleep(0.3)
        loud = stretches(self._call.heard()[int(at * RATE) :], gap=0.1)
        stopped = loud[0].until if loud and loud[0].at < 0.1 else 0.0
        self._listener.forget()
        self._note_heard(Stretch(self._onset, at + stopped), cut=True)
        text = f"interrupted: silent {1000 * stopped:.0f} ms later"
        self._audience.tell(Mark("event", at + stopped, at + stopped, text))

    def _note_heard(self, stretch: Stretch, *, cut: bool) -> None:
        samples = self._call.heard()[int(stretch.at * RATE) : int(stretch.until * RATE)]
        self._audience.heard(stretch, Audio(samples), cut=cut)

    def _note_wait(self, onset: float) -> None:
        if self._done is not None:
            wait, self._done = onset - self._done, None
            self._audience.tell(Mark("wait", onset - wait, onset, f"{1000 * wait:.0f} ms"))
