"""One audio stream described in SDP (RFC 8866), offered and answered by RFC 3264."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from ari_app.errors import MalformedPacket

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
MIRRORED: dict[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}
"RFC 3264 §6.1: an answer says the same from the other end."
CODECS = {0: "PCMU", 8: "PCMA"}
"The static payload types of RFC 3551 that the phone speaks."
EVENTS = 101
"The payload type that we offer for telephone-event, RFC 4733."


@dataclass(frozen=True)
class Session:
    """An audio stream as one side describes it."""

    host: str
    "Numeric, IPv4."
    port: int
    formats: tuple[int, ...]
    "Payload types of audio codecs, by preference."
    events: int | None = EVENTS
    "Payload type of telephone-event, RFC 4733."
    direction: Direction = "sendrecv"
    version: int = 1

    def __bytes__(self) -> bytes:
        offered = [*self.formats, *([] if self.events is None else [self.events])]
        lines = [
            "v=0",
            f"o=- 1 {self.version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, offered))}",
            *(f"a=rtpmap:{t} {CODECS[t]}/8000" for t in self.formats if t in CODECS),
        ]
        if self.events is not None:
            lines += [f"a=rtpmap:{self.events} telephone-event/8000", f"a=fmtp:{self.events} 0-15"]
        return "\r\n".join([*lines, "a=ptime:20", f"a={self.direction}", ""]).encode()


def parse(body: bytes) -> Session:
    """The first audio stream of a description. Raises MalformedPacket."""
    lines = body.decode(errors="replace").replace("\r\n", "\n").split("\n")
    media = next((i for i, line in enumerate(lines) if line.startswith("m=audio ")), None)
    if media is None:
        raise MalformedPacket("SDP: no audio stream")
    end = next((i for i in range(media + 1, len(lines)) if lines[i].startswith("m=")), len(lines))
    ours, common = lines[media:end], lines[: _first_media(lines)]
    match = re.fullmatch(r"m=audio (\d{1,5})(?:/\d+)? \S+((?: \d{1,3})+)\s*", ours[0])
    if match is None or int(match[1]) > 65535:
        raise MalformedPacket(f"SDP: {ours[0][:60]!r} is no audio stream that we understand")
    events = _events(ours)
    types = tuple(int(t) for t in match[2].split())
    return Session(
        host=_host(ours, common),
        port=int(match[1]),
        formats=tuple(t for t in types if t != events),
        events=events,
        direction=_direction([*common, *ours]),
        version=_version(common),
    )


def answer(offer: Session, host: str, port: int, version: int = 1) -> Session | None:
    """Our side of an offer: its first codec that we speak; None where there is none."""
    chosen = next((t for t in offer.formats if t in CODECS), None)
    if chosen is None:
        return None
    return Session(host, port, (chosen,), offer.events, MIRRORED[offer.direction], version)


def _first_media(lines: list[str]) -> int:
    return next(i for i, line in enumerate(lines) if line.startswith("m="))


def _host(ours: list[str], common: list[str]) -> str:
    """The stream's own connection line, else the session's."""
    line = next((x for x in [*ours, *common] if x.startswith("c=")), "")
    host = line.removeprefix("c=IN IP4 ").strip().split("/")[0]
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise MalformedPacket(f"SDP: {line[:60]!r}, expected c=IN IP4 and an address") from error


def _events(ours: list[str]) -> int | None:
    found = (re.fullmatch(r"a=rtpmap:(\d{1,3}) telephone-event/8000.*", line) for line in ours)
    return next((int(match[1]) for match in found if match), None)


def _direction(lines: list[str]) -> Direction:
    """The last word wins: the stream's own stands after the session's."""
    stated: Direction = "sendrecv"
    for line in lines:
        for direction in MIRRORED:
            if line.strip() == f"a={direction}":
                stated = direction
    return stated


def _version(common: list[str]) -> int:
    match = next((re.match(r"o=\S+ \S+ (\d{1,19}) ", x) for x in common if x[:2] == "o="), None)
    return int(match[1]) if match else 0
