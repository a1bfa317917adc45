"""One worker: its rooms wired together, its calls driven."""

import asyncio
import contextlib
import gc
from collections.abc import Container, Iterable
from functools import partial

import structlog

from ari_app.agents.scripted import ScriptedProvider
from ari_app.ari.pooled import PooledLines
from ari_app.ari.room import Room
from ari_app.ari.settings import PbxSettings
from ari_app.ari.shared import SharedLines
from ari_app.ari.survey import Everything, callers_of
from ari_app.call.commands import ArmDeadman, HandBack, LineCommand
from ari_app.call.events import Disowned, Drained, Offered
from ari_app.call.holdings import deletions
from ari_app.call.record import CallRecord
from ari_app.call.table import Phase
from ari_app.config import Pbx, Secrets, Settings
from ari_app.conversation.settings import FloorSettings
from ari_app.dialogue import Dialogue
from ari_app.driver import CallDriver, Report
from ari_app.errors import AsteriskError, StaleRecord, StoreUnavailable
from ari_app.ports import Adoptable, AgentProvider, Line
from ari_app.stores.choose import open_store
from ari_app.stores.journal import FileJournal, NoJournal
from ari_app.stores.write_behind import WriteBehind
from ari_app.view import Kept, View, watch_of
from ari_app.warm_up import warm_up
from ari_app.watch.figures import Figures, Identity
from ari_app.watch.journal import CountedJournal
from ari_app.watch.watch import Watch
from ari_app.wiring import (
    board_of,
    brief_of,
    call_settings,
    flows_of,
    pbx_settings,
    pool_settings,
    recogniser_of,
    record_of,
    store_settings,
    voice_of,
    worker_of,
)

GOING = (Phase.HANDING_OVER, Phase.RELEASING)
"Phases of calls that have only moments left with us."
LEAVING = tuple(phase.value for phase in GOING)


class App:
    """A worker: its board, its lines, its agents and its calls.

    Raises ConfigError while it is made, before anything is started.
    """

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._voice = voice_of(settings)
        self._recogniser = recogniser_of(settings)
        self._flows = flows_of(settings)
        self._providers: dict[str, AgentProvider] = {
            name: ScriptedProvider(flow, self._voice, self._recogniser)
            for name, flow in self._flows.items()
        }
        self._pbxs = [(pbx, pbx_settings(settings, pbx, secrets)) for pbx in settings.pbx]
        self._pools = {
            pbx.name: pool_settings(pbx, secrets) for pbx in settings.pbx if pbx.line == "pooled"
        }
        self._figures = Figures(Identity(settings.app, settings.worker))
        self._board = board_of(settings, self._figures.media_closed)
        journal = FileJournal(settings.journal) if settings.journal else NoJournal()
        self._journal = CountedJournal(journal, self._figures)
        self._drivers: dict[asyncio.Task[None], CallDriver] = {}
        self._name = worker_of(settings)
        self._store = open_store(store_settings(settings, secrets))
        self._room = Room(settings.most_calls, self._driven)
        self._movable = settings.store.kind == "redis"
        "May another worker take our calls over?"
        self._draining = False
        self._log = structlog.get_logger()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then let live calls finish; see `_drain` for the rest."""
        await self._board.start()
        try:
            await warm_up(self._settings, self._flows, self._voice, self._recogniser)
            # What is here now stays: the collector need not walk it while frames are due. With a
            # million objects that walk takes 5 ms.
            gc.collect()
            gc.freeze()
            self._records = WriteBehind(self._store, self._disown)
            await self._look_at_store()
            lines = [line for made in self._pbxs for line in self._lines(*made)]
            async with self._watch(lines, self._records) as watch:
                takers = [
                    asyncio.create_task(self._take_calls(pbx, line, self._records))
                    for pbx, line in lines
                ]
                self._log.info("serving", pbx=[pbx.name for pbx, _ in self._pbxs])
                await _first(stop, takers)
                watch.stopping()
                await self._drain()
                for _, line in lines:
                    await line.close()
                await asyncio.gather(*takers)
                await self._records.close()
                await self._store.close()
        finally:
            await self._board.close()
            if self._recogniser is not None:
                await self._recogniser.close()
            self._journal.close()

    def _watch(self, lines: list[tuple[Pbx, SharedLines | PooledLines]], kept: Kept) -> Watch:
        view = View(
            self._settings,
            self._board,
            lines=lines,
            drivers=self._drivers.values(),
            kept=(self._store, kept),
            draining=lambda: self._draining,
        )
        return watch_of(self._settings, self._figures, view)

    def _lines(self, pbx: Pbx, made: PbxSettings) -> list[tuple[Pbx, SharedLines | PooledLines]]:
        """Every worker has a shared line, for what is left behind if not for calls."""
        pooled = None
        if pbx.line == "pooled":
            pooled = PooledLines(made, self._pools[pbx.name], changed=self._room.look)
            self._room.watch(pooled)

        async def alive() -> Container[str]:
            """The calls whose medias and bridges are nobody's orphans."""
            here = pooled.calls if pooled else frozenset()
            try:
                inside = await callers_of(shared.ari)
                return here | await self._recorded(pbx, inside)
            except (StoreUnavailable, AsteriskError):
                return Everything()

        shared = SharedLines(made, alive=alive, whose=self._whose)
        return [(pbx, shared), (pbx, pooled)] if pooled else [(pbx, shared)]

    async def _recorded(self, pbx: Pbx, inside: Container[str]) -> frozenset[str]:
        """The calls of one PBX on record. Those whose caller has left since are forgotten."""
        records = [record for record in await self._store.calls() if record.pbx == pbx.name]
        for record in records:
            if record.channel not in inside and record.call not in self._driven():
                await self._store.delete(record.call, record.worker)
        return frozenset(record.call for record in records if record.channel in inside)

    async def _whose(self, channel: str) -> str | None:
        """The call that this caller's channel is in, if its record survived."""
        try:
            records = await self._store.calls()
        except StoreUnavailable:
            return None
        return next((record.call for record in records if record.channel == channel), None)

    async def _take_calls(
        self, pbx: Pbx, lines: SharedLines | PooledLines, records: WriteBehind
    ) -> None:
        async for line in lines.offers():
            if line.adoptable is not None:
                await self._adopt(pbx, line, line.adoptable, records)
                continue
            record = record_of(self._settings, pbx, line.offer)
            driver = self._drive(pbx, line, records, record)
            if isinstance(lines, SharedLines) and self._room.calls > self._settings.most_calls:
                self._log.warning("call refused: worker full", call=driver.call)
                driver.tell(Drained())

    async def _adopt(self, pbx: Pbx, line: Line, found: Adoptable, records: WriteBehind) -> None:
        """A caller whom another process has lost: on with the call, if its record is ours now."""
        try:
            record = await self._store.load(found.call)
            if record is not None:
                record = await self._store.claim(found.call, self._name, record.worker)
                self._log.warning("call adopted", call=record.call, phase=record.phase)
                self._journal.write(record.call, "adopted", 0.0)
                self._drive(pbx, line, records, record, adopted=True)
                return
        except (StaleRecord, StoreUnavailable) as error:
            self._log.warning("call not adopted", call=found.call, why=str(error))
        self._journal.write(found.call, "adoption_failed", 0.0)
        back = HandBack(pbx.fallback.context, pbx.fallback.extension, pbx.fallback.priority)
        commands: list[LineCommand] = [ArmDeadman(0), back, *deletions(found.leftovers)]
        for command in commands:
            await line.run(command)
        await line.close()

    def _drive(
        self, pbx: Pbx, line: Line, records: WriteBehind, record: CallRecord, adopted: bool = False
    ) -> CallDriver:
        host, port = self._board.address
        driver = CallDriver(
            line,
            self._board,
            converse=partial(self._converse, record),
            settings=call_settings(self._settings, pbx),
            journal=self._journal,
            address=(str(pbx.media.advertise or host), port),
            records=records,
            record=record,
            adopted=adopted,
        )
        # Who was being handed over when his worker died has nothing more to say.
        left = adopted and record.phase in LEAVING
        if left or (self._draining and not self._moves(driver)):
            driver.tell(Drained())
        task = asyncio.create_task(driver.run())
        self._drivers[task] = driver
        self._room.look()
        task.add_done_callback(self._forget)
        return driver

    def _converse(self, record: CallRecord, offer: Offered, report: Report) -> Dialogue:
        profile = self._settings.profiles[record.profile]
        return Dialogue(
            brief=brief_of(self._settings, record),
            provider=self._providers[record.profile],
            voice=self._voice,
            settings=FloorSettings(goodbye=profile.goodbye),
            report=report,
            journal=self._journal,
            offered=asyncio.get_running_loop().time(),
        )

    async def _look_at_store(self) -> None:
        """Calls go on without a store, but somebody should know."""
        try:
            await self._store.ping()
        except StoreUnavailable as error:
            self._log.error("store degraded: calls would not outlive this process", why=str(error))

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._drivers.pop(task)
        self._room.look()
        if not task.cancelled() and (error := task.exception()):
            self._log.error("driver broken", exc_info=error)

    def _disown(self, call: str) -> None:
        """Somebody else took this call over."""
        for driver in self._drivers.values():
            if driver.call == call:
                driver.tell(Disowned())

    def _driven(self) -> frozenset[str]:
        return frozenset(driver.call for driver in self._drivers.values())

    def _moves(self, driver: CallDriver) -> bool:
        """May another worker go on with it, once its socket is closed?"""
        return self._movable and driver.phase not in GOING and self._room.pooled(driver.call)

    async def _drain(self) -> None:
        """Live calls may finish, and those of pooled lines that are about to begin. In the end
        those that another worker can adopt are let go; the others go to the fallback."""
        self._draining = True
        self._room.close()
        self._log.info("stopping", calls=self._room.calls)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain):
                await self._room.emptied()
        written = await self._records.flush()
        for driver in self._drivers.values():
            if written and self._moves(driver):
                self._records.release(driver.call)
                driver.tell(Disowned())
            else:
                driver.tell(Drained())
        if self._drivers:
            await asyncio.wait(self._drivers)


async def _first(stop: asyncio.Event, tasks: Iterable[asyncio.Task[None]]) -> None:
    """Until `stop`; a task that ends before it has failed, and its error is raised."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        task.result()
