"""SIP transactions over UDP (RFC 3261 §17): what must be sent again, and what was seen before?

A machine that is told the time: it has no clock and no socket.
"""

from dataclasses import dataclass, field

from ari_app.phone.port import Address
from ari_app.phone.sip import Header, Request, Response

T1 = 0.5
"Estimate of the round trip, RFC 3261 §17.1.1.1, seconds."
T2 = 4.0
"The longest interval between two of the same, except for an INVITE, seconds."
PATIENCE = 64 * T1
"Timers B, D, F, H and J, seconds."
PROCEEDING = 180.0
"How long an INVITE that was provisionally answered may ring, timer C, seconds."

Key = tuple[str, str]
"Branch and method."


@dataclass(frozen=True)
class Transmit:
    """Send this datagram."""

    message: Request | Response
    peer: Address


@dataclass(frozen=True)
class Unanswered:
    """Nobody answered our request in time (timers B and F)."""

    request: Request


@dataclass(frozen=True)
class Unacknowledged:
    """Our final response to this INVITE was never confirmed (timer H)."""

    request: Request


@dataclass
class Asked:
    """One of our requests, waiting for its final response."""

    transmit: Transmit
    request: Request
    again: float
    "When to send it once more; infinite when a provisional response came to an INVITE."
    until: float
    interval: float = T1


@dataclass
class Served:
    """A request of the far side, and our last answer to it."""

    request: Request
    until: float
    transmit: Transmit | None = None
    again: float = float("inf")
    "When to send a final response to an INVITE once more."
    interval: float = T1
    settled: bool = False
    "A final response to an INVITE was acknowledged."


@dataclass
class Transactions:
    """All transactions of one user agent."""

    _asked: dict[Key, Asked] = field(default_factory=dict)
    _served: dict[Key, Served] = field(default_factory=dict)
    _confirmed: dict[Key, tuple[Transmit, float]] = field(default_factory=dict)

    def ask(self, request: Request, peer: Address, now: float) -> Transmit:
        """Send a request. An ACK is sent once: it has no transaction (§17.1.1.1)."""
        transmit = Transmit(request, peer)
        if request.method != "ACK":
            key = (request.branch, request.method)
            self._asked[key] = Asked(transmit, request, now + T1, now + PATIENCE)
        return transmit

    def answer(self, request: Request, response: Response, peer: Address, now: float) -> Transmit:
        """Send a response, and its like to every retransmission of the request."""
        transmit = Transmit(response, peer)
        served = self._served.get(_key(request))
        if served is not None:
            served.transmit = transmit
            if response.status >= 200:
                served.until = now + PATIENCE
                served.again = now + T1 if request.method == "INVITE" else float("inf")
        return transmit

    def receive(
        self, message: Request | Response, peer: Address, now: float
    ) -> tuple[bool, tuple[Transmit, ...]]:
        """Is it new to the dialogs, and what has to be sent at once?"""
        if isinstance(message, Request):
            return self._requested(message, now)
        return self._responded(message, peer, now)

    def deadline(self) -> float | None:
        """When `tick` wants to be called."""
        times = [min(a.again, a.until) for a in self._asked.values()]
        times += [min(s.again, s.until) for s in self._served.values()]
        times += [until for _, until in self._confirmed.values()]
        return min(times, default=None)

    def tick(self, now: float) -> tuple[Transmit | Unanswered | Unacknowledged, ...]:
        """Everything that is due: retransmissions, and what has lasted too long."""
        self._confirmed = {k: v for k, v in self._confirmed.items() if v[1] > now}
        return (*self._ask_again(now), *self._answer_again(now))

    def _ask_again(self, now: float) -> tuple[Transmit | Unanswered, ...]:
        out: list[Transmit | Unanswered] = []
        for key, asked in list(self._asked.items()):
            if asked.until <= now:
                del self._asked[key]
                out.append(Unanswered(asked.request))
            elif asked.again <= now:
                limit = float("inf") if asked.request.method == "INVITE" else T2
                asked.interval = min(2 * asked.interval, limit)
                asked.again = now + asked.interval
                out.append(asked.transmit)
        return tuple(out)

    def _answer_again(self, now: float) -> tuple[Transmit | Unacknowledged, ...]:
        out: list[Transmit | Unacknowledged] = []
        for key, served in list(self._served.items()):
            if served.until <= now:
                del self._served[key]
                if served.again < float("inf"):
                    out.append(Unacknowledged(served.request))
            elif served.again <= now and served.transmit is not None:
                served.interval = min(2 * served.interval, T2)
                served.again = now + served.interval
                out.append(served.transmit)
        return tuple(out)

    def _requested(self, request: Request, now: float) -> tuple[bool, tuple[Transmit, ...]]:
        if request.method == "ACK":
            return self._acknowledged(request), ()
        served = self._served.get(_key(request))
        if served is None:
            patience = PROCEEDING if request.method == "INVITE" else PATIENCE
            self._served[_key(request)] = Served(request, now + patience)
            return True, ()
        again = served.transmit if served.transmit is not None and not served.settled else None
        return False, () if again is None else (again,)

    def _acknowledged(self, ack: Request) -> bool:
        """§17.2.1 and §13.3.1.4: an ACK has its INVITE's Call-ID and number. The first is news."""
        for served in self._served.values():
            request = served.request
            same = request.call_id == ack.call_id and request.cseq == (ack.cseq[0], "INVITE")
            if same and not served.settled:
                served.again, served.settled = float("inf"), True
                return True
        return False

    def _responded(
        self, response: Response, peer: Address, now: float
    ) -> tuple[bool, tuple[Transmit, ...]]:
        key = (response.branch, response.cseq[1])
        asked = self._asked.get(key)
        if asked is not None and not _answers(response, asked.request):
            return False, ()
        if asked is None:
            confirmed = self._confirmed.get(key)
            if confirmed is not None and response.status >= 300:
                return False, (confirmed[0],)
            return key[1] == "INVITE" and 200 <= response.status < 300, ()
        invite = asked.request.method == "INVITE"
        if response.status < 200:
            asked.again = float("inf") if invite else now + T2
            asked.until = now + PROCEEDING if invite else asked.until
            return True, ()
        del self._asked[key]
        if not invite or response.status < 300:
            return True, ()
        transmit = Transmit(confirmation(asked.request, response), asked.transmit.peer)
        self._confirmed[key] = (transmit, now + PATIENCE)
        return True, (transmit,)


def confirmation(invite: Request, response: Response) -> Request:
    """The ACK of a final response of 300 or more, RFC 3261 §17.1.1.3."""
    headers: tuple[Header, ...] = (
        ("Via", invite.all("Via")[0]),
        ("Max-Forwards", "70"),
        ("From", invite.get("From")),
        ("To", response.get("To")),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq[0]} ACK"),
        *((name, value) for name, value in invite.headers if name == "Route"),
    )
    return Request(headers, method="ACK", uri=invite.uri)


def _answers(response: Response, request: Request) -> bool:
    """The branch alone should do; a damaged response must not end the wrong transaction."""
    return (response.call_id, response.cseq) == (request.call_id, request.cseq)


def _key(request: Request) -> Key:
    """§17.2.3; the sender stands for those without RFC 3261's branches."""
    via = request.all("Via")[0].split(";")[0]
    return f"{via} {request.branch} {request.call_id} {request.cseq[0]}", request.method
