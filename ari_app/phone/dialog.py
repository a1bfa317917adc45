"""What lets messages follow one another in a call: the state of a dialog, RFC 3261 §12."""

from dataclasses import dataclass, field

from ari_app.phone.identity import Identity, response_to
from ari_app.phone.sdp import Session
from ari_app.phone.sip import Header, Request, Response, address_uri, parameter

ALLOWED = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, NOTIFY"


@dataclass
class Dialog:
    """Writes the messages of one call."""

    identity: Identity
    call_id: str
    local: str
    "Our From (or To) value, with its tag."
    remote: str
    target: str
    "Where requests go: the called URI, later the far side's Contact."
    routes: tuple[str, ...] = ()
    number: int = 0
    "CSeq of our last request."
    _sent: dict[int, Request] = field(default_factory=dict)
    "Our requests, by CSeq."

    def learn(self, response: Response) -> None:
        """A 2xx to our INVITE establishes the dialog, §12.1.2."""
        self.remote = response.get("To")
        self.routes = tuple(reversed(response.all("Record-Route")))
        self.retarget(response)

    def retarget(self, message: Request | Response) -> None:
        """Its Contact is where requests go from now on, §12.2."""
        self.target = address_uri(message.get("Contact")) or self.target

    def request(self, method: str, *headers: Header, body: bytes = b"") -> Request:
        """The next request."""
        self.number += 1
        request = self._write(method, self.number, headers, body)
        self._sent[self.number] = request
        return request

    def invite(self, session: Session, *headers: Header) -> Request:
        """An INVITE, the first or a later one, that offers this stream."""
        described = (self._contact, ("Allow", ALLOWED), ("Content-Type", "application/sdp"))
        return self.request("INVITE", *described, *headers, body=bytes(session))

    def refer(self, uri: str) -> Request:
        """RFC 3515."""
        by = ("Referred-By", f"<{address_uri(self.local)}>")
        return self.request("REFER", ("Refer-To", f"<{uri}>"), by, self._contact)

    def ack(self, response: Response) -> Request:
        """The confirmation of a 2xx, §13.2.2.4: the number of its INVITE."""
        return self._write("ACK", response.cseq[0], (), b"")

    def cancel(self, invite: Request) -> Request:
        """§9.1: the INVITE's own Via and number."""
        kept = ("From", "To", "Call-ID", "Route", "Max-Forwards")
        headers = tuple(header for header in invite.headers if header[0] in kept)
        number = ("CSeq", f"{invite.cseq[0]} CANCEL")
        via = ("Via", invite.get("Via"))
        return Request((via, *headers, number), method="CANCEL", uri=invite.uri)

    def authenticated(self, response: Response) -> Request | None:
        """The challenged request once more, with credentials; None where we have none."""
        sent = self._sent.get(response.cseq[0])
        if sent is None:
            return None
        again = self.identity.authenticated(sent, response, self.number + 1)
        if again is not None:
            self.number += 1
            self._sent[self.number] = again
        return again

    def response(
        self,
        request: Request,
        status: int,
        reason: str,
        *headers: Header,
        session: Session | None = None,
    ) -> Response:
        """Our answer to a request; a stream is described to accept an INVITE."""
        tag = parameter(self.local, "tag")
        if request.method == "INVITE" and status < 300:
            headers = (*headers, self._contact, ("Allow", ALLOWED))
        if session is None:
            return response_to(request, status, reason, *headers, tag=tag)
        headers = (*headers, ("Content-Type", "application/sdp"))
        return response_to(request, status, reason, *headers, tag=tag, body=bytes(session))

    @property
    def _contact(self) -> Header:
        return ("Contact", self.identity.contact)

    def _write(self, method: str, number: int, headers: tuple[Header, ...], body: bytes) -> Request:
        routes = tuple(("Route", route) for route in self.routes)
        who = (("From", self.local), ("To", self.remote), ("Call-ID", self.call_id))
        written = (*routes, *who, ("CSeq", f"{number} {method}"), *headers)
        return self.identity.request(method, self.target, written, body)
