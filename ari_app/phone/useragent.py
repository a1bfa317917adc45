"""A SIP user agent over UDP: registration, and every message to its call.

A machine that is told the time and asks for datagrams to be sent.
"""

from dataclasses import dataclass, field

from ari_app.errors import MalformedPacket
from ari_app.phone import sdp
from ari_app.phone.dialog import ALLOWED, Dialog
from ari_app.phone.identity import CHALLENGES, Identity, response_to
from ari_app.phone.port import Address
from ari_app.phone.signalling import Signalling
from ari_app.phone.signals import Answer, Ask, Effect, Report
from ari_app.phone.sip import Request, Response, address_uri, parameter, parse
from ari_app.phone.transaction import Transactions, Transmit, Unacknowledged, Unanswered

EXPIRES = 300
"How long a registration is asked to last, seconds; a phone of tests does not renew it."


@dataclass(frozen=True)
class Called:
    """Somebody calls us."""

    call_id: str


@dataclass(frozen=True)
class Registered:
    """The registrar's final word; a status of 200 means that we are registered."""

    status: int
    reason: str


@dataclass(frozen=True)
class Happened:
    """A call reports."""

    call_id: str
    report: Report


Output = Transmit | Called | Registered | Happened


@dataclass
class UserAgent:
    """All that one SIP socket does."""

    identity: Identity
    malformed: int = 0
    "Datagrams that were no SIP messages."
    calls: dict[str, Signalling] = field(default_factory=dict)
    "By Call-ID; a call that is over stays, to answer what still comes."
    _transactions: Transactions = field(default_factory=Transactions)
    _register: Request | None = None

    # Verbs.

    def register(self, now: float, expires: int = EXPIRES) -> tuple[Output, ...]:
        """Send REGISTER (with 0 seconds: take the registration back); Registered follows."""
        identity, address = self.identity, self.identity.address
        headers = (
            ("From", f"{address};tag={identity.token()}"),
            ("To", address),
            ("Call-ID", identity.token()),
            ("CSeq", "1 REGISTER"),
            ("Contact", identity.contact),
            ("Expires", str(expires)),
        )
        self._register = identity.request("REGISTER", identity.registrar, headers)
        return (self._ask(self._register, identity.account.registrar, now),)

    def dial(self, uri: str, peer: Address, media: Address, formats: tuple[int, ...]) -> Signalling:
        """A new outgoing call; its `call` sends the INVITE."""
        identity = self.identity
        local = f"{identity.address};tag={identity.token()}"
        dialog = Dialog(identity, identity.token(), local, f"<{uri}>", uri)
        call = Signalling(dialog, peer, sdp.Session(*media, formats))
        self.calls[dialog.call_id] = call
        return call

    def run(self, call: Signalling, effects: tuple[Effect, ...], now: float) -> tuple[Output, ...]:
        """What follows from a verb of a call, or from a message to it."""
        out: list[Output] = []
        for effect in effects:
            if isinstance(effect, Ask):
                out.append(self._ask(effect.request, call.peer, now))
            elif isinstance(effect, Answer):
                answer = self._transactions.answer(effect.request, effect.response, call.peer, now)
                out.append(answer)
            else:
                out.append(Happened(call.dialog.call_id, effect))
        return tuple(out)

    # What comes.

    def receive(self, data: bytes, peer: Address, now: float) -> tuple[Output, ...]:
        """A datagram. What is no SIP message is counted and dropped."""
        if not data.strip(b"\r\n\0"):
            return ()
        try:
            message = parse(data)
        except MalformedPacket:
            self.malformed += 1
            return ()
        fresh, transmits = self._transactions.receive(message, peer, now)
        return (*transmits, *(self._dispatch(message, peer, now) if fresh else ()))

    def deadline(self) -> float | None:
        return self._transactions.deadline()

    def tick(self, now: float) -> tuple[Output, ...]:
        """Must be called at `deadline`."""
        out: list[Output] = []
        for due in self._transactions.tick(now):
            if isinstance(due, Transmit):
                out.append(due)
                continue
            call = self.calls.get(due.request.call_id)
            if call is not None:
                out += self.run(call, _too_late(call, due), now)
            elif due.request.method == "REGISTER":
                out.append(Registered(408, "Request Timeout"))
        return tuple(out)

    def _ask(self, request: Request, peer: Address, now: float) -> Transmit:
        return self._transactions.ask(request, peer, now)

    def _dispatch(
        self, message: Request | Response, peer: Address, now: float
    ) -> tuple[Output, ...]:
        call = self.calls.get(message.call_id)
        if call is not None:
            return self.run(call, call.receive(message), now)
        if isinstance(message, Response):
            return self._registered(message, now)
        if message.method == "INVITE":
            return self._called(message, peer, now)
        return self._stateless(message, peer, now)

    def _registered(self, response: Response, now: float) -> tuple[Output, ...]:
        request = self._register
        if request is None or response.call_id != request.call_id or response.status < 200:
            return ()
        if response.status in CHALLENGES:
            again = self.identity.authenticated(request, response, request.cseq[0] + 1)
            if again is not None:
                self._register = again
                return (self._ask(again, self.identity.account.registrar, now),)
        return (Registered(response.status, response.reason),)

    def _called(self, invite: Request, peer: Address, now: float) -> tuple[Output, ...]:
        """100 at once; the stream is described when the shell has a socket for it."""
        try:
            offer = sdp.parse(invite.body)
        except MalformedPacket:
            return self._refuse(invite, 488, "Not Acceptable Here", peer, now)
        dialog = Dialog(
            self.identity,
            invite.call_id,
            local=f"{invite.get('To')};tag={self.identity.token()}",
            remote=invite.get("From"),
            target=address_uri(invite.get("From")),
            routes=invite.all("Record-Route"),
        )
        dialog.retarget(invite)
        call = Signalling(dialog, peer, offer, invite, direction="in", far_number=invite.cseq[0])
        self.calls[invite.call_id] = call
        trying = response_to(invite, 100, "Trying")
        return (self._transactions.answer(invite, trying, peer, now), Called(invite.call_id))

    def _stateless(self, request: Request, peer: Address, now: float) -> tuple[Output, ...]:
        """Requests outside of any call."""
        if request.method == "ACK":
            return ()
        if request.method == "OPTIONS":
            return self._refuse(request, 200, "OK", peer, now)
        if request.method in ("BYE", "CANCEL", "INFO") or parameter(request.get("To"), "tag"):
            return self._refuse(request, 481, "Call/Transaction Does Not Exist", peer, now)
        if request.method == "NOTIFY":
            return self._refuse(request, 200, "OK", peer, now)
        return self._refuse(request, 405, "Method Not Allowed", peer, now)

    def _refuse(
        self, request: Request, status: int, reason: str, peer: Address, now: float
    ) -> tuple[Output, ...]:
        headers = (("Allow", ALLOWED), ("Accept", "application/sdp"))
        response = response_to(request, status, reason, *headers, tag=self.identity.token())
        return (self._transactions.answer(request, response, peer, now),)


def _too_late(call: Signalling, due: Unanswered | Unacknowledged) -> tuple[Effect, ...]:
    if isinstance(due, Unanswered):
        return call.unanswered(due.request)
    return call.unacknowledged()
