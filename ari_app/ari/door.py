"""Who may bring us calls? An allow-list of networks, then a user and a password."""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from hmac import compare_digest
from ipaddress import ip_address, ip_network
from time import monotonic

import structlog

from ari_app.ari.settings import PoolSettings

QUIET = 60.0
"Seconds between two log lines about the same kind of visitor."

log = structlog.get_logger()


class Door:
    """Judges visitors and counts those who stay outside. A flood of them fills no log."""

    def __init__(
        self, pool: PoolSettings, user: str, clock: Callable[[], float] = monotonic
    ) -> None:
        self._networks = [ip_network(network) for network in pool.networks]
        self._expected = b"Basic " + b64encode(f"{user}:{pool.password}".encode())
        self._clock = clock
        self._logged: dict[str, float] = {}
        self.refused: Counter[str] = Counter()
        "By reason."

    def knows(self, address: str) -> bool:
        """Is this source address in the allow-list? IPv4 inside of IPv6 counts as IPv4."""
        visitor = ip_address(address.partition("%")[0])
        visitor = getattr(visitor, "ipv4_mapped", None) or visitor
        if any(visitor in network for network in self._networks):
            return True
        self.refuse("stranger", address)
        return False

    def opens(self, authorizations: Sequence[str], address: str) -> bool:
        """Is there exactly one Authorization header, and the right one? In constant time."""
        shown = authorizations[0] if len(authorizations) == 1 else ""
        if compare_digest(shown.encode(errors="surrogateescape"), self._expected):
            return True
        self.refuse("wrong credentials", address)
        return False

    def refuse(self, reason: str, address: str) -> None:
        """Count somebody out; the log hears of each reason once a minute."""
        self.refused[reason] += 1
        now = self._clock()
        if now - self._logged.get(reason, now - QUIET) >= QUIET:
            self._logged[reason] = now
            log.warning(
                "visitor refused", reason=reason, address=address, count=self.refused[reason]
            )
