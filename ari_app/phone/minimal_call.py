"""One call of the minimal phone: its RTP socket and its beat."""

import asyncio
import secrets
from collections.abc import Callable

from ari_app.media.values import Samples
from ari_app.phone.followed import PATIENCE, FollowedCall
from ari_app.phone.hear import Arrival, Hear
from ari_app.phone.port import FRAME, SECONDS, Address, CallState, PhoneError
from ari_app.phone.sdp import Direction, Session
from ari_app.phone.signalling import Signalling
from ari_app.phone.signals import Answered, Changed, Effect, Over, PressedByInfo, Rang, Report
from ari_app.phone.talk import Talk, decode
from ari_app.phone.timeline import Timeline
from ari_app.phone.udp import Socket

Run = Callable[[Signalling, tuple[Effect, ...]], None]
"Carries out what a call's signalling asks for."


class MinimalCall(FollowedCall):
    """A `PhoneCall` whose every packet can be looked at."""

    signalling: Signalling
    "Set by the phone before anything else happens."

    def __init__(self, run: Run, host: str) -> None:
        super().__init__()
        self._run = run
        self._socket = Socket((host, 0), self._media)
        self._hear = Hear(self._heard)
        self._talk = Talk(
            ssrc=secrets.randbits(32), sequence=secrets.randbits(15), timestamp=secrets.randbits(31)
        )
        self._remote: Address | None = None
        self._muted = False
        self._idle = asyncio.Event()
        self._info_digits = ""
        self._beat_timer: asyncio.TimerHandle | None = None
        self.strangers = 0
        "Datagrams at our RTP port from others than the far side."

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

    async def ring(self) -> None:
        self._offered("ring")
        self._run(self.signalling, self.signalling.ring())

    async def answer(self) -> None:
        self._offered("answer")
        self._run(self.signalling, self.signalling.answer())
        await self.answered(PATIENCE)

    async def reject(self, status: int = 486) -> None:
        self._offered("rejection")
        self._run(self.signalling, self.signalling.reject(status))

    async def hang_up(self) -> None:
        if self.state != "ended":
            self._run(self.signalling, self.signalling.hang_up())
            await self.ended(PATIENCE)

    async def press_info(self, digit: str, tone: float = 0.1) -> None:
        body = f"Signal={digit}\r\nDuration={round(1000 * tone)}\r\n".encode()
        kind = "application/dtmf-relay"
        await self._ask("INFO", lambda: self.signalling.inform(kind, body))

    async def hold(self) -> None:
        await self._modify("sendonly")

    async def unhold(self) -> None:
        await self._modify("sendrecv")

    async def refer(self, target: str) -> None:
        host, port = self.signalling.peer
        uri = target if target.startswith("sip:") else f"sip:{target}@{host}:{port}"
        await self._ask("REFER", lambda: self.signalling.refer(uri))

    # Audio.

    def play(self, samples: Samples) -> None:
        self._talk.play(samples)

    async def played(self) -> None:
        await self._until(lambda: not self._talk.playing)

    def mute(self, on: bool) -> None:
        self._muted = on
        self._follow_direction()

    async def press(self, digits: str, tone: float = 0.1, gap: float = 0.1) -> None:
        if self.state != "answered":
            raise PhoneError(f"no key: the call is {self.state}")
        self._talk.press(digits, tone, gap)
        await self._until(lambda: not self._talk.pressing)

    def _sent(self) -> Timeline:
        sent = Timeline()
        for tick, payload in self._talk.sent:
            samples = decode(payload, self._talk.payload_type)
            sent.place(samples, self._began + tick * SECONDS, FRAME * tick)
        return sent

    # What happens.

    def report(self, report: Report, at: float) -> None:
        """What the signalling tells, at monotonic seconds."""
        if isinstance(report, Rang):
            self._rang.set()
        elif isinstance(report, Answered):
            self._follow(report.session)
            self._begin(at)
            self._beat_timer = self._loop.call_at(at, self._beat)
        elif isinstance(report, Changed):
            self._follow(report.session)
        elif isinstance(report, PressedByInfo):
            self._info_digits += report.digit
        elif isinstance(report, Over):
            self.close()
            self._finish(report.ended, at)
        else:
            self._replied(report.method, report.status, report.reason)

    def close(self) -> None:
        """Free the socket and the timer."""
        if self._beat_timer is not None:
            self._beat_timer.cancel()
        self._idle.set()
        self._socket.close()

    def _offered(self, what: str) -> None:
        if self.signalling.direction == "out" or self.state not in ("calling", "ringing"):
            raise PhoneError(f"no {what}: the call is {self.state}, and not offered to us")

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
        await self._ask("INVITE", lambda: self.signalling.modify(direction))
        self._follow_direction()

    async def _ask(self, method: str, verb: Callable[[], tuple[Effect, ...]]) -> None:
        async def send() -> None:
            self._run(self.signalling, verb())

        await self._request(method, send)

    async def _until(self, done: Callable[[], bool]) -> None:
        """Look after every beat."""
        while not done() and self.state != "ended":
            self._idle.clear()
            await self._idle.wait()
