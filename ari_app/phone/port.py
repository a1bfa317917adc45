"""What a phone can do, for demo, check and tests. Two kinds implement it: minimal and pjsua."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ari_app.errors import AttendantError
from ari_app.media.values import Samples

RATE = 8000
"Samples per second of everything that a phone plays and hears."
FRAME = 160
"Samples in one RTP packet: 20 ms."
SECONDS = FRAME / RATE
"Seconds of one frame."

Address = tuple[str, int]
"Numeric IP address and UDP port."
CallState = Literal["calling", "ringing", "answered", "ended"]


class PhoneError(AttendantError):
    """A phone was refused something, or did not see in time what it waited for."""


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    by: Literal["us", "them", "network"]
    status: int
    "SIP status of the call's final response; 200 after a BYE."
    reason: str = ""
    cause: int | None = None
    "Q.850 cause of a Reason header (RFC 3326), where one was sent."


@dataclass(frozen=True)
class Account:
    """Who the phone is, and where it registers and sends its requests."""

    user: str
    registrar: Address
    "Numeric. Everything goes there, except calls to a full sip: address."
    password: str = field(default="", repr=False)
    name: str = ""
    "Display name of the caller."
    headers: Mapping[str, str] = field(default_factory=dict)
    "Further headers of each INVITE."


class PhoneCall(Protocol):
    """One call of a phone, made or received. Times are seconds."""

    @property
    def state(self) -> CallState: ...

    @property
    def digits_received(self) -> str:
        """What the far side pressed (RFC 4733 or SIP INFO)."""

    async def ringing(self, timeout: float = 5.0) -> None:
        """Wait for 180 or 183. Raises PhoneError when the call ends or the time is up before."""

    async def answered(self, timeout: float = 10.0) -> None:
        """Wait for the answer. Raises PhoneError as `ringing` does."""

    async def ended(self, timeout: float = 10.0) -> Ended:
        """Wait for the end. Raises PhoneError when the time is up before."""

    async def ring(self) -> None:
        """Tell the caller of an incoming call that it rings here (180)."""

    async def answer(self) -> None:
        """Answer an incoming call; returns when the caller has confirmed it."""

    async def reject(self, status: int = 486) -> None:
        """Refuse an incoming call with a final status of 300 to 699."""

    async def hang_up(self) -> None:
        """End the call in whatever state it is; returns when the far side has confirmed."""

    def play(self, samples: Samples) -> None:
        """Queue audio, int16 mono 8 kHz; a part of a frame at its end is filled with silence."""

    async def played(self) -> None:
        """Wait until all queued audio has been sent, or the call has ended."""

    def mute(self, on: bool) -> None:
        """Send nothing at all while on (as a phone with DTX does); the queue waits."""

    async def press(self, digits: str, tone: float = 0.1, gap: float = 0.1) -> None:
        """Send RFC 4733 events; returns when the last gap is over. Raises ValueError."""

    async def press_info(self, digit: str, tone: float = 0.1) -> None:
        """Send one digit as SIP INFO, application/dtmf-relay."""

    async def hold(self) -> None:
        """re-INVITE with sendonly. Raises PhoneError when refused."""

    async def unhold(self) -> None: ...

    async def refer(self, target: str) -> None:
        """Ask the far side to call the target instead (RFC 3515); returns when accepted."""

    def heard(self) -> Samples:
        """All audio since the answer on a real timeline: what arrived at second t is at 8000 t.

        Silence stands where nothing came. Ends now, or at the end of the call.
        """

    def heard_since(self, seconds: float) -> Samples:
        """The part of `heard` that begins so long after the answer."""

    def sent_audio(self) -> Samples:
        """What the phone itself sent, on the timeline of `heard` and as long."""


class Phone(Protocol):
    """One SIP user agent."""

    @property
    def kind(self) -> Literal["minimal", "pjsua"]: ...

    async def register(self, timeout: float = 5.0) -> None:
        """Register with the registrar. Raises PhoneError when refused or not answered."""

    async def call(self, target: str) -> PhoneCall:
        """Send an INVITE to an extension of the registrar, or a sip: URI; returns at once."""

    async def incoming(self, timeout: float = 10.0) -> PhoneCall:
        """The next call to us. Raises PhoneError when none comes in time."""

    async def close(self) -> None:
        """Hang up every call and free the sockets."""
