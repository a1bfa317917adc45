"""One call of the pjsua2 phone, as seen from our process."""

import asyncio
import base64
from typing import Any, Literal, Protocol

import numpy as np

from ari_app.media.rtp import DIGITS
from ari_app.media.values import Samples
from ari_app.phone.followed import PATIENCE, FollowedCall
from ari_app.phone.port import FRAME, CallState, Ended, PhoneError
from ari_app.phone.timeline import STRAY_AT_MARKER, Timeline


class Process(Protocol):
    """What a call needs of its phone."""

    async def ask(self, verb: str, **facts: Any) -> None: ...

    def tell(self, verb: str, number: int = 0, **facts: Any) -> None: ...

    def uri(self, target: str) -> str: ...


class PjsuaCall(FollowedCall):
    """A `PhoneCall`; the audio is what comes out of pjsua2's jitter buffer."""

    def __init__(self, number: int, process: Process) -> None:
        super().__init__()
        self._number, self._process = number, process
        self._idle = asyncio.Event()
        self._idle.set()
        self._leaving = False
        self._state: CallState = "calling"
        self._digits = ""
        self._played_audio = Timeline()
        self._sent_frames = 0
        self.frame_times: list[float] = []
        "When pjsua2 gave each frame to its loudspeaker, monotonic seconds."

    @property
    def state(self) -> CallState:
        return self._state

    @property
    def digits_received(self) -> str:
        return self._digits

    # Signalling.

    async def ring(self) -> None:
        await self._process.ask("answer", call=self._number, status=180)

    async def answer(self) -> None:
        await self._process.ask("answer", call=self._number, status=200)
        await self.answered(PATIENCE)

    async def reject(self, status: int = 486) -> None:
        self._leaving = True
        await self._process.ask("hangup", call=self._number, status=status)

    async def hang_up(self) -> None:
        if self._state != "ended":
            self._leaving = True
            await self._process.ask("hangup", call=self._number, status=0)
            await self.ended(PATIENCE)

    async def press_info(self, digit: str, tone: float = 0.1) -> None:
        await self._request("INFO", lambda: self._press(digit, tone, info=True))

    async def hold(self) -> None:
        await self._request("INVITE", lambda: self._hold(True))

    async def unhold(self) -> None:
        await self._request("INVITE", lambda: self._hold(False))

    async def refer(self, target: str) -> None:
        uri = self._process.uri(target)
        await self._request("REFER", lambda: self._process.ask("refer", call=self._number, uri=uri))

    # Audio.

    def play(self, samples: Samples) -> None:
        if len(samples):
            self._idle.clear()
            pcm = base64.b64encode(samples.astype("<i2").tobytes()).decode()
            self._process.tell("play", call=self._number, pcm=pcm)

    async def played(self) -> None:
        await self._idle.wait()

    def mute(self, on: bool) -> None:
        self._process.tell("mute", call=self._number, on=on)

    async def press(self, digits: str, tone: float = 0.1, gap: float = 0.1) -> None:
        if self._state != "answered":
            raise PhoneError(f"no key: the call is {self._state}")
        for digit in digits.upper():
            if digit not in DIGITS:
                raise ValueError(f"key {digit!r}, expected one of {DIGITS}")
            await self._press(digit, tone, info=False)
            await asyncio.sleep(tone + gap)

    def _sent(self) -> Timeline:
        return self._played_audio

    # What happens.

    def report(self, kind: str, report: dict[str, Any]) -> None:
        """What the process tells."""
        match kind:
            case "heard" | "sent":
                self._frame(kind, report["pcm"], report["at"])
            case "played":
                self._idle.set()
            case "ringing":
                self._state = "ringing"
                self._rang.set()
            case "answered":
                self._state = "answered"
                self._begin(report["at"])
            case "digit":
                self._digits += report["digit"]
            case "replied":
                self._replied(report["method"], report["status"], report["reason"])
            case "ended":
                by: Literal["us", "them"] = "us" if self._leaving else "them"
                status = 200 if self._state == "answered" else report["status"]
                self._end_call(Ended(by, status, report["reason"], report["cause"]), report["at"])

    def lost(self) -> None:
        """The process has ended."""
        if self._state != "ended":
            self._end_call(Ended("network", 503, "pjsua2 has ended"), self._loop.time())

    def _end_call(self, ended: Ended, at: float) -> None:
        self._state = "ended"
        self._idle.set()
        self._finish(ended, at)

    def _frame(self, kind: str, pcm: str, at: float) -> None:
        """Frames come by pjsua2's clock; its count is their timestamp."""
        samples = np.frombuffer(base64.b64decode(pcm), "<i2").astype(np.int16)
        if kind == "heard":
            self.frame_times.append(at)
            self._heard.place(samples, at, FRAME * len(self.frame_times), stray=STRAY_AT_MARKER)
        else:
            self._sent_frames += 1
            stray = STRAY_AT_MARKER
            self._played_audio.place(samples, at, FRAME * self._sent_frames, stray=stray)

    async def _press(self, digit: str, tone: float, *, info: bool) -> None:
        milliseconds = round(1000 * tone)
        await self._process.ask(
            "press", call=self._number, digits=digit, milliseconds=milliseconds, info=info
        )

    async def _hold(self, on: bool) -> None:
        await self._process.ask("hold", call=self._number, on=on)
