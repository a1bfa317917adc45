"""The media board: all media of a worker on one UDP port, worked on by one beat."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from ari_app.board.beat import Beat
from ari_app.board.engine import Engine, Reports
from ari_app.board.media import BoardMedia
from ari_app.board.socket import Address, key_address, open_socket
from ari_app.errors import ConfigError
from ari_app.media.g711 import CODECS
from ari_app.media.lateness import LatenessSeen
from ari_app.media.rows import Rows
from ari_app.media.values import MediaStatistics, StreamClosed

SWITCH_SECONDS = 0.0005
"""How long Python may keep the beat's thread waiting for the interpreter. With the default of 5 ms
a busy event loop makes frames 5 to 9 ms late at p99, with this 1 to 2 ms (measured)."""


class MediaBoard:
    """See `ports.Board`. Use it as an async context manager, or call `start` and `close`.

    bind, port: where RTP comes to; port 0 takes a free one. advertise: the host to tell a PBX
    instead of `bind`. rows: how many media at once. far_delay: seconds the far side holds a frame.
    seen_as: what a PBX calls its own host → the host that its packets come from (`media.map`).
    closed: told how each media was when it is over.
    """

    def __init__(
        self,
        bind: str = "127.0.0.1",
        port: int = 0,
        *,
        advertise: str | None = None,
        rows: int = 200,
        far_delay: float = 0.06,
        seen_as: Mapping[str, str] | None = None,
        closed: Callable[[MediaStatistics], None] | None = None,
    ) -> None:
        self._bind, self._port, self._advertise = bind, port, advertise
        self._rows = Rows(rows)
        self._far_delay, self._seen_as = far_delay, seen_as or {}
        self._closed = closed
        self._medias: dict[str, BoardMedia] = {}
        self._engine: Engine | None = None
        self._beat: Beat | None = None
        self._address: Address | None = None

    async def start(self) -> None:
        """Open the port and begin the beat. Raises ConfigError when the port is not to be had."""
        try:
            self._socket = open_socket(self._bind, self._port, self._rows.count)
        except OSError as error:
            raise ConfigError(
                f"media.bind: cannot listen at {self._bind}:{self._port} ({error.strerror}); "
                "expected a numeric address of this host and a free UDP port"
            ) from error
        host, port = self._socket.address
        self._address = (self._advertise or host, port)
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._engine = Engine(
            self._rows,
            self._socket,
            far_delay=self._far_delay,
            seen_as=self._seen_as,
            post=self._post,
        )
        self._beat = Beat(self._engine.work, self._end)
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._beat.start()

    @property
    def address(self) -> Address:
        if self._address is None:
            raise RuntimeError("the board has no address before start()")
        return self._address

    @property
    def strangers(self) -> int:
        """Packets that came from addresses that nobody told us of."""
        return self._engine.addresses.strangers if self._engine else 0

    @property
    def last_stranger(self) -> Address | None:
        """Where the last such packet came from."""
        key = self._engine.addresses.last_stranger if self._engine else None
        return None if key is None else key_address(key)

    @property
    def settled(self) -> int:
        """Medias whose address translation was learnt from their first packet."""
        return self._engine.addresses.settled if self._engine else 0

    @property
    def lateness(self) -> LatenessSeen:
        """How late frames left, since the start."""
        return self._engine.lateness if self._engine else LatenessSeen()

    def open(self, media: str, codec: str) -> BoardMedia:
        if self._engine is None:
            raise RuntimeError("open() before start() of the board")
        if codec not in CODECS:
            known = ", ".join(sorted(CODECS))
            raise ConfigError(f"media.codec: {codec!r} is not spoken here; expected one of {known}")
        if media in self._medias:
            raise ValueError(f"media {media!r} is open already")
        opened = BoardMedia(media, self._rows.allocate(), codec, self._engine.inbox.append)
        self._medias[media] = opened
        return opened

    async def close(self) -> None:
        """Close every media, and the port. Frames that were not sent yet are lost."""
        if self._beat is None:
            return
        self._beat.stop()
        await self._ended.wait()
        self._beat.join()
        self._beat = None
        self._socket.close()
        sys.setswitchinterval(self._switch_interval)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _end(self) -> None:
        """In the beat's thread, when it ends, for whatever reason: nobody waits for ever."""
        assert self._engine is not None
        self._engine.close()
        self._loop.call_soon_threadsafe(self._ended.set)

    def _post(self, reports: Reports) -> None:
        """In the beat's thread."""
        self._loop.call_soon_threadsafe(self._deliver, reports)

    def _deliver(self, reports: Reports) -> None:
        for media, report in reports:
            self._medias[media].deliver(report)
            if isinstance(report, StreamClosed):
                del self._medias[media]
                if self._closed is not None:
                    self._closed(report.statistics)
