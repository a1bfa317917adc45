"""The way to one Redis: every answer within its bound, reconnecting by itself."""

import asyncio
import contextlib
from typing import Any

from ari_app.errors import ConfigError, StoreUnavailable
from ari_app.stores.settings import StoreSettings

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.asyncio.sentinel import Sentinel
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
except ImportError as error:
    raise ConfigError(
        "store.kind: redis needs the extra `redis`: pip install 'attendant[redis]'"
    ) from error

CONNECT_SECONDS = 0.5
"How long a connection may take; who is in a hurry goes without meanwhile."
REVIVE_SECONDS = (0.0, 0.25, 0.5, 1.0, 2.0)
"Pauses between attempts to reach a Redis that was lost; the last one again and again."
CONNECTIONS = 8
"At once, at most: more only queue in the server, which does one thing after the other."


class RedisLink:
    """Commands to one Redis."""

    def __init__(self, settings: StoreSettings) -> None:
        self._client, self._sentinel = connect(settings)
        self._url = settings.url
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._reviving: asyncio.Task[None] | None = None
        self.healthy = False
        "Did the last attempt succeed?"

    async def run(self, seconds: float, *command: str | bytes | float) -> Any:
        """The answer to a command, sent once: after StoreUnavailable it may have been done."""
        try:
            answer = await self._ask(seconds, *command)
        except StoreUnavailable:
            self._revive()
            raise
        self.healthy = True
        return answer

    async def ping(self) -> None:
        """Reach the server, with time to connect. Raises StoreUnavailable, saying why."""
        await self.run(2 * CONNECT_SECONDS, "PING")

    async def close(self) -> None:
        if self._reviving is not None:
            self._reviving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reviving
        await self._client.aclose()
        if self._sentinel is not None:
            await self._sentinel.aclose()

    async def _ask(self, seconds: float, *command: str | bytes | float) -> Any:
        try:
            async with asyncio.timeout(seconds), self._places:
                return await self._client.execute_command(*command)  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            self.healthy = False
            raise StoreUnavailable(f"{self._url}: no answer within {seconds:g} s") from error
        except (RedisError, OSError) as error:
            self.healthy = False
            raise StoreUnavailable(f"{self._url}: {error}") from error

    def _revive(self) -> None:
        """A bound may be too short for connecting: do that on the side, for who comes next."""
        if self._reviving is None or self._reviving.done():
            self._reviving = asyncio.create_task(self._reach())

    async def _reach(self) -> None:
        attempt = 0
        while not self.healthy:
            await asyncio.sleep(REVIVE_SECONDS[min(attempt, len(REVIVE_SECONDS) - 1)])
            attempt += 1
            with contextlib.suppress(StoreUnavailable):
                await self._ask(2 * CONNECT_SECONDS, "PING")
                self.healthy = True


def connect(settings: StoreSettings) -> tuple[Redis, Sentinel | None]:
    """A client (that connects when it is first used), and the Sentinels that tell it where to."""
    place = settings.place
    common: dict[str, Any] = {
        "socket_timeout": None,  # our bound is for the whole, waiting for a connection included
        "socket_connect_timeout": CONNECT_SECONDS,
        "retry": Retry(NoBackoff(), 0),  # nothing is sent twice: a write may have been done
        "protocol": 2,  # version 3 needs further commands to be allowed
        "driver_info": None,
        "encoding_errors": "replace",
    }
    if place.tls:
        ca_file = str(settings.ca_file) if settings.ca_file else None
        common |= {"ssl": True, "ssl_ca_certs": ca_file, "ssl_cert_reqs": "required"}
    mine = {**common, "db": place.database, **_login(settings.user, settings.password)}
    if place.master:
        theirs = {**common, **_login(settings.sentinel_user, settings.sentinel_password)}
        sentinel = Sentinel(place.hosts, sentinel_kwargs=theirs)  # type: ignore[no-untyped-call]
        return sentinel.master_for(place.master, **mine), sentinel
    if place.socket:
        return Redis(unix_socket_path=place.socket, **mine), None
    host, port = place.hosts[0]
    return Redis(host=host, port=port, **mine), None


def _login(user: str, password: str) -> dict[str, Any]:
    return {"username": user or None, "password": password or None}
