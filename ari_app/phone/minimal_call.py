"""One call of the minimal phone: its RTP socket, its beat, and what its user waits for."""

import asyncio
import secrets
from collections.abc import Callable

from ari_app.media.values import Samples
from ari_app.phone.hear import Arrival, Hear, Piece, assemble
from ari_app.phone.port import FRAME, RATE, SECONDS, Address, CallState, Ended, PhoneError
from ari_app.phone.sdp import Direction, Session
from ari_app.phone.signalling import Signalling
from ari_app.phone.signals import (
    Answered,
    Changed,
    Effect,
    Over,
    PressedByInfo,
    Rang,
    Replied,
    Report,
)
from ari_app.phone.talk import Talk, decode
from ari_app.phone.udp import Socket

Run = Callable[[Signalling, tuple[Effect, ...]], None]
"Carries out what a call's signalling asks for."
PATIENCE = 5.0
"How long an answer to a request within a call may take, seconds."


class MinimalCall:
    """A `PhoneCall` whose every packet can be looked at."""

    signalling: Signalling
    "Set by the phone before anything else happens."

    def __init__(self, run: Run, host: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._run = run
        self._socket = Socket((host, 0), self._media)
        self._hear = Hear()
        self._talk = Talk(
            ssrc=secrets.randbits(32), sequence=secrets.randbits(15), timestamp=secrets.randbits(31)
        )
        self._remote: Address | None = None
        self._muted = False
        self._rang, self._answered = asyncio.Event(), asyncio.Event()
        self._over, self._idle = asyncio.Event(), asyncio.Event()
        self._ended: Ended | None = None
        self._reply: asyncio.Future[Replied] | None = None
        self._info_digits = ""
        self._beat_timer: asyncio.TimerHandle | None = None
        self._began = self._finished = 0.0
        self.strangers = 0
        "Datagrams at our RTP port from others than the far side."
        self.caller = ""
        "URI of who calls, for an incoming call."

    # What it is.

    @property
    def state(self) -> CallState:
        return self.signalling.state

    @property
    def digits_received(self) -> str:
        return self._hear.digits + self._info_digits

    @property
    def media_address(self) -> Address:
        """Where our RTP socket is bound."""
        return self._socket.address

    @property
    def packets(self) -> list[Arrival]:
        """Every RTP packet as it came, with the kernel's time of arrival."""
        return self._hear.packets

    # Signalling.

    async def ringing(self, timeout: float = 5.0) -> None:
        await self._wait(self._rang, timeout, "ring")

    async def answered(self, timeout: float = 10.0) -> None:
        await self._wait(self._answered, timeout, "be answered")

    async def ended(self, timeout: float = 10.0) -> Ended:
        try:
            await asyncio.wait_for(self._over.wait(), timeout)
        except TimeoutError as error:
            raise PhoneError(f"the call did not end within {timeout:g} s") from error
        assert self._ended is not None, "set before the event"
        return self._ended

    async def ring(self) -> None:
        self._run(self.signalling, self.signalling.ring())

    async def answer(self) -> None:
        self._run(self.signalling, self.signalling.answer())
        await self.answered(PATIENCE)

    async def reject(self, status: int = 486) -> None:
        self._run(self.signalling, self.signalling.reject(status))

    async def hang_up(self) -> None:
        if self.state != "ended":
            self._run(self.signalling, self.signalling.hang_up())
            await self.ended(PATIENCE)

    async def press_info(self, digit: str, tone: float = 0.1) -> None:
        body = f"Signal={digit}\r\nDuration={round(1000 * tone)}\r\n".encode()
        kind = "application/dtmf-relay"
        await self._request(lambda: self.signalling.inform(kind, body))

    async def hold(self) -> None:
        await self._modify("sendonly")

    async def unhold(self) -> None:
        await self._modify("sendrecv")

    async def refer(self, target: str) -> None:
        host, port = self.signalling.peer
        uri = target if target.startswith("sip:") else f"sip:{target}@{host}:{port}"
        await self._request(lambda: self.signalling.refer(uri))

    # Audio.

    def play(self, samples: Samples) -> None:
        self._talk.play(samples)
        self._idle.clear()

    async def played(self) -> None:
        while self._talk.playing and self.state != "ended":
            self._idle.clear()
            await self._idle.wait()

    def mute(self, on: bool) -> None:
        self._muted = on
        self._follow_direction()

    async def press(self, digits: str, tone: float = 0.1, gap: float = 0.1) -> None:
        self._talk.press(digits, tone, gap)
        while self._talk.pressing and self.state != "ended":
            self._idle.clear()
            await self._idle.wait()

    def heard(self) -> Samples:
        return self._hear.timeline(self._began, self._end)

    def heard_since(self, seconds: float) -> Samples:
        return self.heard()[round(seconds * RATE) :]

    def sent_audio(self) -> Samples:
        pieces = (
            Piece(self._began, FRAME * tick, decode(payload, self._talk.payload_type))
            for tick, payload in self._talk.sent
        )
        return assemble(pieces, self._began, self._end)

    @property
    def _end(self) -> float:
        if not self._began:
            return 0.0
        return self._finished or self._loop.time()

    # What happens.

    def report(self, report: Report, at: float) -> None:
        """What the signalling tells, at monotonic seconds."""
        if isinstance(report, Rang):
            self._rang.set()
        elif isinstance(report, Answered):
            self._follow(report.session)
            self._began = at
            self._answered.set()
            self._beat_timer = self._loop.call_at(at, self._beat)
        elif isinstance(report, Changed):
            self._follow(report.session)
        elif isinstance(report, PressedByInfo):
            self._info_digits += report.digit
        elif isinstance(report, Replied):
            if self._reply is not None and not self._reply.done():
                self._reply.set_result(report)
        else:
            self._end_call(report, at)

    def close(self) -> None:
        """Free the socket and the timer."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        self._socket.close()

    def _end_call(self, over: Over, at: float) -> None:
        self._finished, self._ended = at, over.ended
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(Replied("", over.ended.status, "the call has ended"))
        for event in (self._rang, self._answered, self._over, self._idle):
            event.set()
        self.close()

    def _follow(self, session: Session) -> None:
        """Send where, what and whether the far side wants it."""
        self._remote = (session.host, session.port)
        self._hear.event_type = self._talk.event_type = session.events
        spoken = (kind for kind in session.formats if kind in self.signalling.session.formats)
        self._talk.payload_type = next(spoken, self._talk.payload_type)
        self._follow_direction()

    def _follow_direction(self) -> None:
        sends = self.signalling.session.direction in ("sendrecv", "sendonly")
        self._talk.muted = self._muted or not sends

    def _beat(self) -> None:
        """Send what is due. Deadlines are absolute, so lateness does not add up."""
        now = self._loop.time()
        while self._began + self._talk.ticks * SECONDS <= now:
            for packet in self._talk.tick():
                if self._remote is not None and self._remote[1]:
                    self._socket.send(packet, self._remote)
        self._idle.set()
        due = self._began + self._talk.ticks * SECONDS
        self._beat_timer = self._loop.call_at(due, self._beat)

    def _media(self, data: bytes, peer: Address, at: float) -> None:
        """Before the answer is read the far side is unknown, and everybody is listened to."""
        if self._remote is not None and peer != self._remote:
            self.strangers += 1
            return
        self._hear.receive(data, at)

    async def _modify(self, direction: Direction) -> None:
        await self._request(lambda: self.signalling.modify(direction))
        self._follow_direction()

    async def _request(self, verb: Callable[[], tuple[Effect, ...]]) -> None:
        """Ask within the call, one at a time, and wait for the final response."""
        if self.state != "answered":
            raise PhoneError(f"the call is {self.state}, not answered")
        self._reply = self._loop.create_future()
        self._run(self.signalling, verb())
        try:
            replied = await asyncio.wait_for(self._reply, PATIENCE)
        except TimeoutError as error:
            raise PhoneError(f"no answer within {PATIENCE:g} s") from error
        if replied.status >= 300:
            raise PhoneError(f"{replied.method} refused: {replied.status} {replied.reason}")

    async def _wait(self, event: asyncio.Event, timeout: float, what: str) -> None:
        try:
            await asyncio.wait_for(event.wait(), timeout)
        except TimeoutError as error:
            raise PhoneError(f"the call did not {what} within {timeout:g} s") from error
        if self._ended is not None and self.signalling.state == "ended":
            raise PhoneError(f"the call did not {what}: {self._ended}")
