"""One call: its events in order, its commands. The same on a shared and on a pooled line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

from ari_app.ari.control import Control
from ari_app.ari.generated import events as ari
from ari_app.ari.generated.operations import Operations
from ari_app.ari.translate import of_caller, of_media
from ari_app.call.commands import LineCommand, OpenMedia
from ari_app.call.events import (
    CallerLeft,
    Done,
    LineEvent,
    MediaEnded,
    MediaJoined,
    Offered,
    Outcome,
    Refused,
)
from ari_app.ports import Address, Adoptable


class AriLine:
    """See ports.Line. `SharedLines` or `PooledLines` tells it what the PBX says."""

    def __init__(
        self, offer: Offered, operations: Operations, app: str, forget: Callable[[str], None]
    ) -> None:
        self._offer = offer
        self.caller = offer.channel
        "The caller's channel now: a transfer may put another one in its place."
        self.left = False
        self.known_as: str | None = None
        "The call that the caller's channel was in before; None: he is new."
        self.adoptable: Adoptable | None = None
        "Set when another process began this call: take it over, or send him to the fallback."
        self._forget = forget
        self._remotes: dict[str, Address] = {}
        self._control = Control(operations, app, self._remotes)
        self._medias: dict[str, Literal["asked", "open", "joined"]] = {}
        "Those that have not ended; asked: no answer was received (yet)."
        self._queue: asyncio.Queue[LineEvent | None] = asyncio.Queue()

    @property
    def offer(self) -> Offered:
        return self._offer

    @property
    def medias(self) -> frozenset[str]:
        """Media channels that the PBX must know, unless they ended without our hearing of it."""
        return frozenset(media for media, state in self._medias.items() if state != "asked")

    async def events(self) -> AsyncIterator[LineEvent]:
        """See Line.events."""
        while (event := await self._queue.get()) is not None:
            yield event

    async def run(self, command: LineCommand, *, board: Address | None = None) -> Outcome:
        """See Line.run."""
        if not isinstance(command, OpenMedia):
            return await self._control.run(command, self.caller, board)
        known = command.media in self._medias
        self._medias.setdefault(command.media, "asked")
        outcome = await self._control.run(command, self.caller, board)
        if isinstance(outcome, Refused) and not known:
            self._medias.pop(command.media, None)
        elif isinstance(outcome, Done) and self._medias.get(command.media) == "asked":
            self._medias[command.media] = "open"
        return outcome

    def remote(self, media: str) -> Address:
        """See Line.remote."""
        return self._remotes[media]

    async def close(self) -> None:
        """See Line.close."""
        self.end()
        self._forget(self._offer.call)

    def end(self) -> None:
        """Nothing more will be told."""
        self._queue.put_nowait(None)

    # What happened, told by whoever listens to the PBX.

    def caller_event(self, event: ari.Message) -> None:
        self._tell(of_caller(event))

    def media_event(self, event: ari.Message, media: str) -> None:
        self._tell(of_media(event, media))

    def caller_missing(self) -> None:
        self._tell(CallerLeft())

    def media_missing(self, media: str) -> None:
        self._tell(MediaEnded(media))

    def media_present(self, media: str) -> None:
        self._tell(MediaJoined(media))

    def _tell(self, event: LineEvent | None) -> None:
        """Each media joins and ends once, whoever says so first; the caller leaves last."""
        if event is None or self.left:
            return
        match event:
            case MediaJoined(media):
                if self._medias.get(media) in ("joined", None):
                    return
                self._medias[media] = "joined"
            case MediaEnded(media):
                if self._medias.pop(media, None) is None:
                    return
        self._queue.put_nowait(event)
        if isinstance(event, CallerLeft):
            self.left = True
            self.end()
