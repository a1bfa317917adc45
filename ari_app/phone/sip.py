"""SIP messages (RFC 3261 §7, §20): frozen values, parsed from datagrams and serialised to them."""

import re
from dataclasses import dataclass

from ari_app.errors import MalformedPacket

Header = tuple[str, str]

COMPACT = {
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "v": "Via",
}
"RFC 3261 §7.3.3 and the events and refer packages."
REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")
TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+\Z")
CSEQ = re.compile(r"(\d{1,10})\s+(\S+)\Z")


@dataclass(frozen=True)
class Message:
    """What requests and responses have in common."""

    headers: tuple[Header, ...]
    "In order, without Content-Length, which is written from the body."
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """The values of a header that may be a list, one per entry (RFC 3261 §7.3.1)."""
        wanted = name.lower()
        return tuple(
            part for key, value in self.headers if key.lower() == wanted for part in split(value)
        )

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header, whole."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method."""
        match = CSEQ.match(self.get("CSeq"))
        if match is None:
            raise MalformedPacket(f"SIP: CSeq {self.get('CSeq')!r}, expected a number and a method")
        return int(match[1]), match[2]

    @property
    def branch(self) -> str:
        """The transaction's identity, RFC 3261 §17.1.3; '' where there is none."""
        return parameter(self.all("Via")[0], "branch")

    def _lines(self, start: str) -> bytes:
        lines = [start, *(f"{name}: {value}" for name, value in self.headers)]
        head = "\r\n".join([*lines, f"Content-Length: {len(self.body)}", "", ""])
        return head.encode() + self.body


@dataclass(frozen=True)
class Request(Message):
    """A request, RFC 3261 §7.1."""

    method: str = ""
    uri: str = ""

    def __bytes__(self) -> bytes:
        return self._lines(f"{self.method} {self.uri} SIP/2.0")


@dataclass(frozen=True)
class Response(Message):
    """A response, RFC 3261 §7.2."""

    status: int = 0
    reason: str = ""

    def __bytes__(self) -> bytes:
        return self._lines(f"SIP/2.0 {self.status} {self.reason}")


def parse(data: bytes) -> Request | Response:
    """One datagram. Raises MalformedPacket for everything that is not a complete SIP message."""
    head, separator, rest = data.partition(b"\r\n\r\n")
    if not separator:
        raise MalformedPacket("SIP: no empty line after the headers")
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        raise MalformedPacket("SIP: headers are not UTF-8") from error
    start, *lines = re.sub(r"\r\n[ \t]+", " ", text.lstrip("\r\n")).split("\r\n")
    headers = tuple(_header(line) for line in lines)
    body = _body(headers, rest)
    kept = tuple(header for header in headers if header[0].lower() != "content-length")
    message = _started(start, kept, body)
    missing = [name for name in REQUIRED if not message.get(name)]
    if missing or not message.all("Via"):
        raise MalformedPacket(f"SIP: without {', '.join(missing) or 'Via'}")
    _, method = message.cseq
    if isinstance(message, Request) and method != message.method:
        raise MalformedPacket(f"SIP: CSeq of {method} in a {message.method}")
    return message


def _header(line: str) -> Header:
    name, colon, value = line.partition(":")
    name = name.strip(" \t")
    if not colon or not TOKEN.match(name) or "\n" in value or "\r" in value:
        raise MalformedPacket(f"SIP: {line[:40]!r} is not a header")
    return COMPACT.get(name.lower(), name), value.strip(" \t")


def _body(headers: tuple[Header, ...], rest: bytes) -> bytes:
    """RFC 3261 §18.3: what follows the length is dropped, less than it is an error."""
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if not lengths:
        return rest
    if not re.fullmatch(r"[0-9]{1,6}", lengths[0]) or int(lengths[0]) > len(rest):
        raise MalformedPacket(f"SIP: Content-Length {lengths[0][:10]!r}, {len(rest)} bytes came")
    return rest[: int(lengths[0])]


def _started(start: str, headers: tuple[Header, ...], body: bytes) -> Request | Response:
    first, _, rest = start.partition(" ")
    if first == "SIP/2.0":
        status, _, reason = rest.partition(" ")
        if not re.fullmatch(r"[1-6][0-9][0-9]", status):
            raise MalformedPacket(f"SIP: status {status[:10]!r}, expected 100 to 699")
        return Response(headers, body, status=int(status), reason=reason)
    uri, _, version = rest.partition(" ")
    if version != "SIP/2.0" or not TOKEN.match(first) or not uri:
        raise MalformedPacket(f"SIP: {start[:40]!r} is no request line")
    return Request(headers, body, method=first, uri=uri)


def split(value: str) -> list[str]:
    """Cut at the commas outside of quotes and angle brackets."""
    parts, current, quoted, depth, escaped = [], "", False, 0, False
    for character in value:
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "<>":
            depth += 1 if character == "<" else -1
        elif not quoted and depth <= 0 and character == ",":
            parts.append(current.strip())
            current = ""
            continue
        current += character
    return [part for part in [*parts, current.strip()] if part]


def address_uri(value: str) -> str:
    """The URI of a From, To, Contact or Route value."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", value)
    match = re.search(r"<([^>]*)>", bare)
    return match[1] if match else bare.split(";")[0].strip()


def parameter(value: str, name: str) -> str:
    """A parameter of a header value (after the angle brackets), '' where it has none."""
    _, _, tail = value.rpartition(">")
    match = re.search(rf";\s*{name}\s*=\s*([^;,\s]+)", tail, re.IGNORECASE)
    return match[1] if match else ""
