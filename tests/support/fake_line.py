"""A line to a PBX that does what a test tells it: records commands, answers them, has events."""

import asyncio
from collections.abc import AsyncIterator

from ari_app.call.commands import LineCommand, OpenMedia
from ari_app.call.events import CallerLeft, Done, LineEvent, MediaJoined, Offered, Outcome
from ari_app.ports import Address


class FakeLine:
    """Answers every command with Done, unless `answers` holds another outcome for its type."""

    def __init__(self, offer: Offered) -> None:
        self.offer = offer
        self.commands: list[LineCommand] = []
        self.answers: dict[type, Outcome | Exception] = {}
        self.slow: dict[type, float] = {}
        "Seconds that a type of command takes."
        self.closed = False
        self._events: asyncio.Queue[LineEvent] = asyncio.Queue()

    def happen(self, event: LineEvent) -> None:
        self._events.put_nowait(event)

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, CallerLeft):
                return

    async def run(self, command: LineCommand, *, board: Address | None = None) -> Outcome:
        self.commands.append(command)
        await asyncio.sleep(self.slow.get(type(command), 0))
        answer = self.answers.get(type(command), Done(command))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(command, OpenMedia) and isinstance(answer, Done):
            self.happen(MediaJoined(command.media))
        return answer

    def remote(self, media: str) -> Address:
        return ("127.0.0.1", 20000)

    async def close(self) -> None:
        self.closed = True
