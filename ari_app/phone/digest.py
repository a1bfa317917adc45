"""Digest access authentication: RFC 2617, RFC 7616, and RFC 3261 §22 for SIP."""

import hashlib
import re
from dataclasses import dataclass

from ari_app.errors import MalformedPacket

ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True)
class Challenge:
    """What a WWW-Authenticate or Proxy-Authenticate header asks for."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: bool = False
    "The server offers qop=auth (it must not be used otherwise, RFC 2617 §3.2.2)."
    opaque: str = ""


def parse_challenge(value: str) -> Challenge:
    """Raises MalformedPacket for another scheme, an unknown algorithm or a missing nonce."""
    scheme, _, rest = value.strip().partition(" ")
    found = {m[1].lower(): m[3] or m[2] or "" for m in PARAMETER.finditer(rest)}
    algorithm = found.get("algorithm", "MD5").upper()
    if scheme.lower() != "digest" or algorithm not in ALGORITHMS or not found.get("nonce"):
        raise MalformedPacket(f"SIP: challenge {scheme[:10]!r} {algorithm[:20]!r} not understood")
    qop = "auth" in [name.strip() for name in found.get("qop", "").split(",")]
    realm, opaque = found.get("realm", ""), found.get("opaque", "")
    return Challenge(realm, found["nonce"], algorithm, qop, opaque)


def response(
    challenge: Challenge,
    *,
    user: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
) -> str:
    """The request-digest, RFC 7616 §3.4.1, lower-case hex."""

    def digest(*parts: str) -> str:
        return ALGORITHMS[challenge.algorithm](":".join(parts).encode()).hexdigest()

    secret = digest(user, challenge.realm, password)
    about = digest(method, uri)
    if challenge.qop:
        return digest(secret, challenge.nonce, f"{count:08x}", cnonce, "auth", about)
    return digest(secret, challenge.nonce, about)


def authorization(
    challenge: Challenge,
    *,
    user: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str,
    count: int = 1,
) -> str:
    """The value of an Authorization or Proxy-Authorization header."""
    answer = response(
        challenge, user=user, password=password, method=method, uri=uri, cnonce=cnonce, count=count
    )
    fields = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{answer}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.opaque:
        fields.append(f'opaque="{challenge.opaque}"')
    if challenge.qop:
        fields += ["qop=auth", f'cnonce="{cnonce}"', f"nc={count:08x}"]
    return "Digest " + ", ".join(fields)
