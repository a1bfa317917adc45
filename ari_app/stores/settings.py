"""Where the records of live calls are kept, if not in memory: which Redis, and as whom."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ari_app.errors import ConfigError

EXPECTED = (
    "expected redis://host:port/0, rediss://host:port/0 (TLS), unix:///path/to/socket or "
    "sentinel://host:port,host:port/master (sentinels:// with TLS)"
)


@dataclass(frozen=True)
class Place:
    """Where a Redis is, taken from its URL."""

    hosts: tuple[tuple[str, int], ...] = ()
    "One server, or some Sentinels that know it."
    socket: str = ""
    "Path of its Unix socket."
    master: str = ""
    "What the Sentinels call the server."
    database: int = 0
    tls: bool = False


@dataclass(frozen=True)
class StoreSettings:
    """One Redis. Raises ConfigError."""

    url: str = "redis://127.0.0.1:6379/0"
    user: str = ""
    "Its ACL user; the default one without."
    password: str = field(default="", repr=False)
    prefix: str = "attendant:"
    "What all our keys begin with: two installations on one Redis need two."
    ca_file: Path | None = None
    "Who signed its certificate, if nobody that the host trusts."
    sentinel_user: str = ""
    sentinel_password: str = field(default="", repr=False)
    expiry: float = 86400.0
    "Seconds after its last change when a record vanishes by itself."
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", parse_url(self.url))
        if not re.fullmatch(r"[\w.:{}-]{1,64}", self.prefix, re.ASCII):
            raise ConfigError(
                f"store.prefix: {self.prefix!r}: expected letters, digits and . : _ - {{ }} only"
            )
        if self.ca_file is not None and not self.place.tls:
            raise ConfigError("store.ca_file: of no use without TLS; expected a rediss:// url")
        if self.ca_file is not None and not self.ca_file.is_file():
            raise ConfigError(f"store.ca_file: {self.ca_file}: expected a file of certificates")
        if not self.expiry >= 60:
            raise ConfigError(f"store.expiry: {self.expiry:g}: expected 60 s or more")


def parse_url(url: str) -> Place:
    """Take a Redis URL apart. Raises ConfigError; the message never repeats a password."""
    scheme, _, rest = url.partition("://")
    if "@" in rest or "?" in rest or "#" in rest:
        raise ConfigError(f"store.url: expected no user, password or options in it; {EXPECTED}")
    authority, _, path = rest.partition("/")
    match scheme:
        case "unix" if not authority and path:
            return Place(socket=f"/{path}")
        case "redis" | "rediss" if authority and "," not in authority:
            host = _host(url, authority, 6379)
            return Place((host,), database=_database(url, path), tls=scheme == "rediss")
        case "sentinel" | "sentinels" if authority:
            hosts = tuple(_host(url, part, 26379) for part in authority.split(","))
            master, _, number = path.partition("/")
            if re.fullmatch(r"[\w.-]+", master):
                tls = scheme == "sentinels"
                return Place(hosts, master=master, database=_database(url, number), tls=tls)
    raise ConfigError(f"store.url: {url!r}: {EXPECTED}")


def _host(url: str, part: str, port: int) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{part}")
        host, port = split.hostname or "", port if split.port is None else split.port
    except ValueError as error:
        raise ConfigError(f"store.url: {url!r}: {error}; {EXPECTED}") from error
    if not host or port == 0:
        raise ConfigError(f"store.url: {url!r}: {EXPECTED}")
    return host, port


def _database(url: str, path: str) -> int:
    if not re.fullmatch(r"[0-9]{0,4}", path):
        raise ConfigError(f"store.url: {url!r}: {path!r} is no number of a database; {EXPECTED}")
    return int(path or 0)
