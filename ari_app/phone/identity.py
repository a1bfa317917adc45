"""Who the phone is in its messages: Via, Contact, From, and its answers to challenges."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ari_app.errors import MalformedPacket
from ari_app.phone import digest
from ari_app.phone.port import Account, Address
from ari_app.phone.sip import Header, Request, Response, parameter

AGENT = ("User-Agent", "attendant-phone")
CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}
"By status: where the challenge stands, and where its answer goes (RFC 3261 §22)."


@dataclass(frozen=True)
class Identity:
    """One user agent on one socket."""

    account: Account
    here: Address
    "Where the SIP socket is bound."
    token: Callable[[], str]
    "A new unguessable word of [0-9a-f]: for branches, tags, Call-IDs and cnonces."

    @property
    def contact(self) -> str:
        return f"<sip:{self.account.user}@{self.here[0]}:{self.here[1]}>"

    @property
    def registrar(self) -> str:
        """The registrar's URI, without a user."""
        host, port = self.account.registrar
        return f"sip:{host}:{port}"

    @property
    def address(self) -> str:
        """Our address of record, for From and To, without a tag."""
        name = f'"{self.account.name}" ' if self.account.name else ""
        host, port = self.account.registrar
        return f"{name}<sip:{self.account.user}@{host}:{port}>"

    def request(
        self, method: str, uri: str, headers: tuple[Header, ...], body: bytes = b""
    ) -> Request:
        """A request with a new branch. `rport` brings the answer back here (RFC 3581)."""
        first = (self._via(), ("Max-Forwards", "70"), AGENT)
        return Request((*first, *headers), body, method=method, uri=uri)

    def authenticated(self, request: Request, response: Response, number: int) -> Request | None:
        """The request again with credentials, and this CSeq; None where we have no answer."""
        asked, answered = CHALLENGES[response.status]
        try:
            challenge = digest.parse_challenge(response.get(asked))
        except MalformedPacket:
            return None
        if not self.account.password or request.get(answered):
            return None
        value = digest.authorization(
            challenge,
            user=self.account.user,
            password=self.account.password,
            method=request.method,
            uri=request.uri,
            cnonce=self.token(),
        )
        kept = tuple(header for header in request.headers if header[0] not in ("Via", "CSeq"))
        number_header = ("CSeq", f"{number} {request.method}")
        return replace(request, headers=(self._via(), *kept, number_header, (answered, value)))

    def _via(self) -> Header:
        host, port = self.here
        return ("Via", f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{self.token()}")


def response_to(
    request: Request,
    status: int,
    reason: str,
    *headers: Header,
    tag: str = "",
    body: bytes = b"",
) -> Response:
    """RFC 3261 §8.2.6: what a response repeats of its request."""
    copied = ("via", "from", "call-id", "cseq", "record-route")
    kept = tuple(header for header in request.headers if header[0].lower() in copied)
    to = request.get("To")
    if tag and not parameter(to, "tag"):
        to = f"{to};tag={tag}"
    return Response((*kept, ("To", to), AGENT, *headers), body, status=status, reason=reason)
