"""A worker whose agent is the test: it answers every call and hands over the media."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from ari_app.ari.settings import PbxSettings
from ari_app.ari.shared import SharedLines
from ari_app.board.board import MediaBoard
from ari_app.call.events import AgentReady, Offered
from ari_app.call.ids import Owner
from ari_app.call.record import CallRecord
from ari_app.call.settings import CallSettings, Extension
from ari_app.conversation.values import Utterance
from ari_app.driver import CallDriver, Report
from ari_app.media.values import FrameHeard, MediaEvent, MediaStatistics, Samples, StreamClosed
from ari_app.pbx.sandbox import Sandbox
from ari_app.ports import Line, Media
from ari_app.stores.journal import NoJournal


class NoRecords:
    """These calls die with their worker."""

    def note(self, record: CallRecord) -> None: ...
    def forget(self, call: str, worker: str) -> None: ...


def record_of(offer: Offered) -> CallRecord:
    return CallRecord(
        call=offer.call,
        worker="attendant.1",
        pbx="main",
        channel=offer.channel,
        application="attendant-1",
        caller=offer.caller,
        called=offer.called,
    )


class Answered:
    """One call, as a conversation that only keeps what it is told."""

    history: tuple[Utterance, ...] = ()

    def __init__(self, report: Report) -> None:
        self._report = report
        self._started: asyncio.Future[Media] = asyncio.get_running_loop().create_future()
        self._listening: asyncio.Task[None] | None = None
        self.frames: list[FrameHeard] = []
        self.others: list[MediaEvent] = []
        "What the media told besides frames."
        self.digits = ""
        self.holds: list[bool] = []

    async def media(self) -> Media:
        """The media, as soon as caller and test may talk."""
        return await asyncio.wait_for(asyncio.shield(self._started), 5.0)

    def heard(self) -> Samples:
        """The caller, from the first frame on."""
        return np.concatenate([frame.samples for frame in self.frames])

    async def statistics(self) -> MediaStatistics:
        """Of the media, once the call has ended."""
        assert self._listening is not None
        await asyncio.wait_for(self._listening, 5.0)
        closed = self.others[-1]
        assert isinstance(closed, StreamClosed)
        return closed.statistics

    # What the driver asks of a conversation.

    def prepare(self) -> None:
        self._report(AgentReady())

    def start(self, media: Media) -> None:
        self._listening = asyncio.create_task(self._listen(media))
        self._started.set_result(media)

    def press(self, digit: str, duration: float) -> None:
        self.digits += digit

    def hold(self, held: bool) -> None:
        self.holds.append(held)
        self._started.result().expect_silence(held)

    async def stop(self) -> None:
        """The media closes a moment later, which ends the listening."""

    async def _listen(self, media: Media) -> None:
        async for event in media.events():
            if isinstance(event, FrameHeard):
                self.frames.append(event)
            else:
                self.others.append(event)


class Worker:
    """Serves one PBX until the block is left."""

    def __init__(self, board: MediaBoard, settings: CallSettings) -> None:
        self._board = board
        self._settings = settings
        self._calls: asyncio.Queue[Answered] = asyncio.Queue()
        self.drivers: set[asyncio.Task[None]] = set()

    async def call(self) -> Answered:
        """The next call that is offered."""
        return await asyncio.wait_for(self._calls.get(), 5.0)

    def drive(self, line: Line) -> None:
        driver = CallDriver(
            line,
            self._board,
            converse=self._converse,
            settings=self._settings,
            journal=NoJournal(),
            address=self._board.address,
            records=NoRecords(),
            record=record_of(line.offer),
        )
        self.drivers.add(asyncio.create_task(driver.run()))

    def _converse(self, offer: Offered, report: Report) -> Answered:
        answered = Answered(report)
        self._calls.put_nowait(answered)
        return answered


@asynccontextmanager
async def answering(pbx: Sandbox, codec: str = "ulaw") -> AsyncIterator[Worker]:
    """Attend a PBX; all calls must have ended before the block is left."""
    settings = PbxSettings(
        url=pbx.ari_url, user=pbx.ari_user, password=pbx.ari_password_file.read_text()
    )
    fallback = Extension("attendant-fallback", "s")
    lines = SharedLines(settings)
    async with MediaBoard(rows=16) as board:
        worker = Worker(board, CallSettings(Owner("attendant", 1), fallback, codec=codec))

        async def attend() -> None:
            async for line in lines.offers():
                worker.drive(line)

        attending = asyncio.create_task(attend())
        try:
            await asyncio.wait_for(lines.connected.wait(), 5.0)
            yield worker
            await asyncio.wait_for(asyncio.gather(*worker.drivers), 10.0)
        finally:
            await lines.close()
            await attending
