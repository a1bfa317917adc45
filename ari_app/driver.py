"""One call, driven: an inbox of events, the machine, and its commands carried out in order.

There is one inbox and one consumer, so nothing happens twice at once to a call; one sender carries
line commands out strictly one after the other. This is the supervisor of a call: whatever breaks
in here, the caller goes to the dialplan's fallback.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from ari_app.call.commands import (
    ArmDeadman,
    CloseMedia,
    Command,
    HandBack,
    HoldConversation,
    LineCommand,
    OpenMedia,
    PassDigit,
    PrepareAgent,
    Release,
    StartConversation,
    StopConversation,
)
from ari_app.call.events import Adopted, Done, Drained, Event, Offered, Outcome, Refused, Tick
from ari_app.call.machine import Call
from ari_app.call.record import CallRecord
from ari_app.call.settings import CallSettings
from ari_app.call.table import Phase, key
from ari_app.conversation.values import Utterance
from ari_app.errors import AttendantError, UnexpectedEvent
from ari_app.ports import Address, Board, Journal, Line, Media

Report = Callable[[Event], None]


class Conversation(Protocol):
    """What the driver needs of the dialogue between caller and agent."""

    @property
    def history(self) -> tuple[Utterance, ...]: ...
    def prepare(self) -> None: ...
    def start(self, media: Media) -> None: ...
    def press(self, digit: str, duration: float) -> None: ...
    def hold(self, held: bool) -> None: ...
    async def stop(self) -> None: ...


class Records(Protocol):
    """Where the call's record is kept up to date; nobody waits for it."""

    def note(self, record: CallRecord) -> None: ...
    def forget(self, call: str, worker: str) -> None: ...


class CallDriver:
    """Drives one call from its offer, or from its adoption, to its end: `await run()`."""

    def __init__(
        self,
        line: Line,
        board: Board,
        *,
        converse: Callable[[Offered, Report], Conversation],
        settings: CallSettings,
        journal: Journal,
        address: Address,
        records: Records,
        record: CallRecord,
        adopted: bool = False,
    ) -> None:
        """address: where the PBX reaches the board. record: of the call as it is now; what it
        says of medias and bridges counts for an adopted call only."""
        self._line = line
        self._board = board
        self._journal = journal
        self._address = address
        self._records = records
        self._record = record
        self._settings = settings
        self._call = Call(settings)
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._outbox: asyncio.Queue[LineCommand] = asyncio.Queue()
        self._medias: dict[str, Media] = {}
        self._conversation = converse(line.offer, self.tell)
        self._stopping: asyncio.Task[None] | None = None
        self._history: deque[str] = deque(maxlen=100)
        self._log = structlog.get_logger().bind(call=line.offer.call)
        self._clock = asyncio.get_running_loop().time
        self._offered = self._clock()
        self.tell(_adoption(record) if adopted else line.offer)

    @property
    def call(self) -> str:
        """The call's identity."""
        return self._record.call

    @property
    def record(self) -> CallRecord:
        """The call as it is now."""
        return self._record

    @property
    def phase(self) -> Phase:
        return self._call.phase

    @property
    def outcome(self) -> str:
        return self._call.outcome

    def tell(self, event: Event) -> None:
        """Put an event into the call's inbox."""
        self._inbox.put_nowait(event)

    async def run(self) -> None:
        """Drive the call until it has ended and nothing of it is left in this process."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = (group.create_task(self._listen()), group.create_task(self._send()))
                while self._call.phase is not Phase.ENDED:
                    self._take(await self._next())
                for task in tasks:
                    task.cancel()
        except Exception:  # noqa: BLE001 - the supervisor of a call
            self._log.exception("call broken", history=list(self._history))
            await self._rescue()
        finally:
            await self._close()

    async def _rescue(self) -> None:
        """A bug of ours: the caller goes to the fallback, what is left goes to the reaper."""
        fallback = self._settings.fallback
        back = HandBack(fallback.context, fallback.extension, fallback.priority)
        closing = (CloseMedia(media) for media in self._medias)
        commands: list[LineCommand] = [ArmDeadman(0), back, *closing]
        for command in commands:
            await self._line.run(command)

    async def _next(self) -> Event:
        deadline = self._call.deadline()
        try:
            async with asyncio.timeout_at(deadline):
                return await self._inbox.get()
        except TimeoutError:
            return Tick()

    def _take(self, event: Event) -> None:
        self._history.append(f"{self._call.phase.value}: {key(event)}")
        before = self._call.phase
        try:
            commands = self._call.handle(event, self._clock())
        except UnexpectedEvent as bug:
            self._log.error("call machine bug", bug=str(bug), history=list(self._history))
            commands = self._call.handle(Drained(), self._clock())
        if self._call.phase is not before:
            self._note_phase()
        self._keep()
        for command in commands:
            self._give(command)

    def _keep(self) -> None:
        """The record follows the call; a call that ended needs none."""
        holdings = self._call.holdings
        record = replace(
            self._record,
            phase=self._call.phase.value,
            made=holdings.made,
            medias=holdings.medias,
            bridges=holdings.bridges,
            history=self._conversation.history,
        )
        if self._call.phase is Phase.ENDED:
            self._records.forget(record.call, record.worker)
        elif record != self._record:
            self._record = record
            self._records.note(record)

    def _note_phase(self) -> None:
        phase, outcome = self._call.phase.value, self._call.outcome
        at = self._clock() - self._offered
        self._log.info("call", phase=phase, outcome=outcome, at=round(at, 3))
        self._journal.write(self._line.offer.call, "phase", at, phase=phase, outcome=outcome)

    def _give(self, command: Command) -> None:
        match command:
            case PrepareAgent():
                self._conversation.prepare()
            case StartConversation(media):
                self._conversation.start(self._medias[media])
            case PassDigit(digit, duration):
                self._conversation.press(digit, duration)
            case HoldConversation(held):
                self._conversation.hold(held)
            case StopConversation():
                if self._stopping is None:
                    self._stopping = asyncio.create_task(self._conversation.stop())
            case Release():
                while not self._outbox.empty():
                    self._outbox.get_nowait()
            case _:
                self._outbox.put_nowait(command)

    async def _listen(self) -> None:
        async for event in self._line.events():
            self.tell(event)

    async def _send(self) -> None:
        while True:
            command = await self._outbox.get()
            match command:
                case OpenMedia():
                    outcome = await self._open(command)
                case CloseMedia(media):
                    outcome = await self._line.run(command)
                    self._close_media(media)
                case _:
                    outcome = await self._line.run(command)
            self.tell(outcome)

    async def _open(self, command: OpenMedia) -> Outcome:
        try:
            media = self._board.open(command.media, command.codec)
        except AttendantError as error:
            return Refused(command, str(error))
        self._medias[command.media] = media
        outcome = await self._line.run(command, board=self._address)
        if isinstance(outcome, Done):
            media.connect(self._line.remote(command.media))
        return outcome

    def _close_media(self, name: str) -> None:
        media = self._medias.pop(name, None)
        if media is not None:
            media.close()

    async def _close(self) -> None:
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._conversation.stop())
        await self._stopping
        for name in list(self._medias):
            self._close_media(name)
        await self._line.close()


def _adoption(record: CallRecord) -> Adopted:
    talking = record.phase == Phase.TALKING.value
    return Adopted(record.call, record.made, record.medias, record.bridges, talking)
