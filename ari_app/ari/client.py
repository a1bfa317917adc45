"""ARI over HTTP: aiohttp as the Transport of our operations. aiohttp's exceptions end here."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from ari_app.ari.fields import Json
from ari_app.errors import AsteriskError, OutcomeUnknown

KEEP_ALIVE = 5.0
"Seconds. Well below Asterisk's session_keep_alive (15): a POST must not meet a closing socket."
GOODBYE = 1.0
"Seconds for a closing handshake: the peer may be dead."


class HttpTransport:
    """Requests and websockets of one Asterisk. Credentials travel in a header, never in a URL."""

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 4.0) -> None:
        self._base = url.rstrip("/").removesuffix("/ari") + "/ari"
        token = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        """The session is made on first use: it belongs to the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            )
        return self._session

    async def request(
        self, method: str, path: str, query: Mapping[str, str], body: Json | None
    ) -> tuple[int, bytes]:
        """See Transport. Nothing is tried twice here."""
        name = f"{method} {path}"
        try:
            async with self._open().request(
                method,
                URL(self._base + path, encoded=True),
                params=query,
                json=body,
                allow_redirects=False,
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise AsteriskError(name, 0, f"not reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise OutcomeUnknown(name, 0, f"no answer: {reason}") from error

    @asynccontextmanager
    async def stream(
        self, path: str, query: Mapping[str, str]
    ) -> AsyncIterator[AsyncIterator[str]]:
        """See Transport. A peer that dies silently is for the reader to notice (see Feed)."""
        try:
            async with asyncio.timeout(self._timeout):
                socket = await self._open().ws_connect(
                    URL(self._base + path, encoded=True),
                    params=query,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE),
                )
        except aiohttp.WSServerHandshakeError as error:
            raise AsteriskError(f"websocket {path}", error.status, error.message) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise AsteriskError(f"websocket {path}", 0, f"not reached: {reason}") from error
        try:
            yield _texts(socket)
        finally:
            await socket.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _texts(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str]:
    """Ends when the socket does; binary messages are none of ARI's."""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield message.data
