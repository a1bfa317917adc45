"""Which Asterisk, and as whom we serve it."""

import re
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_network
from urllib.parse import urlsplit

from ari_app.call.ids import Owner
from ari_app.errors import ConfigError


@dataclass(frozen=True)
class PbxSettings:
    """One entry of the configuration's `pbx` list. Raises ConfigError."""

    url: str
    "Asterisk's HTTP server: http://127.0.0.1:8088."
    user: str
    password: str = field(repr=False)
    name: str = "pbx"
    "What logs call it."
    app: str = "attendant"
    worker: int = 1
    fallback: tuple[str, str] = ("attendant-fallback", "s")
    "Context and extension where a caller goes whom this worker found but does not know."
    timeout: float = 4.0
    "Seconds that a request may take."

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).hostname:
            raise ConfigError(f"pbx {self.name}: url: expected http://host:port, got {self.url!r}")
        if urlsplit(self.url).username is not None:
            raise ConfigError(f"pbx {self.name}: url: expected no user or password in it")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", self.app):
            raise ConfigError(
                f"pbx {self.name}: app: expected a-z, 0-9 and hyphens, got {self.app!r}"
            )

    @property
    def owner(self) -> Owner:
        """Whose channels and bridges ours are."""
        return Owner(self.app, self.worker)

    @property
    def stasis_app(self) -> str:
        """The Stasis application of this worker's shared line: attendant-1."""
        return f"{self.app}-{self.worker}"


@dataclass(frozen=True)
class PoolSettings:
    """Where one PBX brings us its calls, and whom we let in. Raises ConfigError."""

    password: str = field(repr=False)
    "What Asterisk shows us; the user is the installation's name (`PbxSettings.app`)."
    host: str = "127.0.0.1"
    "The address that we listen on."
    port: int = 8090
    "0: any free one."
    networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    "Where a PBX may come from; everybody else is turned away before a word is read."
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    "A server's context, for wss://."
    reuse_port: bool = False
    "Several workers of this machine listen on the same port (SO_REUSEPORT)."
    largest: int = 262_144
    "Bytes that one message may have."

    def __post_init__(self) -> None:
        if len(self.password) < 16:
            raise ConfigError("pool: password: expected 16 characters or more (value not shown)")
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"pool: port: expected 0 to 65535, got {self.port}")
        for network in self.networks:
            try:
                ip_network(network)
            except ValueError as error:
                raise ConfigError(
                    f"pool: networks: expected addresses like 10.1.0.0/16: {error}"
                ) from error
