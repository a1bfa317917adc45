"""One worker: the only place that knows every room and wires them together."""

import asyncio
import gc
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog

from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Flow, flow_phrases, flow_texts
from ari_app.agents.scripted import ScriptedProvider
from ari_app.ari.settings import PbxSettings
from ari_app.ari.shared import SharedLines
from ari_app.board.board import MediaBoard
from ari_app.call.events import Disowned, Drained, Offered
from ari_app.call.ids import Owner
from ari_app.call.record import CallRecord
from ari_app.call.settings import CallSettings, Extension
from ari_app.config import DialplanPlace, Pbx, Secrets, Settings
from ari_app.conversation.settings import FloorSettings
from ari_app.dialogue import Dialogue
from ari_app.driver import CallDriver, Report
from ari_app.errors import AgentError, ConfigError
from ari_app.media.values import Audio
from ari_app.ports import AgentProvider, Brief
from ari_app.speech.cache import SpeechCache
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.vocabulary import check_phrases
from ari_app.speech.voices import ProgramVoice, find_voice
from ari_app.stores.choose import open_store
from ari_app.stores.journal import FileJournal, NoJournal
from ari_app.stores.write_behind import WriteBehind

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class App:
    """A worker: its board, its lines, its agents and its calls.

    Raises ConfigError while it is made, before anything is started.
    """

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._voice = voice_of(settings)
        self._recogniser = recogniser_of(settings)
        self._flows = {
            name: load_flow(profile.flow, frozenset(settings.destinations))
            for name, profile in settings.profiles.items()
        }
        if self._recogniser is not None:
            _check_words(self._flows)
        self._providers: dict[str, AgentProvider] = {
            name: ScriptedProvider(flow, self._voice, self._recogniser)
            for name, flow in self._flows.items()
        }
        self._pbxs = [(pbx, pbx_settings(settings, pbx, secrets)) for pbx in settings.pbx]
        self._board = board_of(settings)
        self._journal = FileJournal(settings.journal) if settings.journal else NoJournal()
        self._drivers: dict[asyncio.Task[None], CallDriver] = {}
        self._name = f"{settings.app}.{settings.worker}"
        self._store = open_store(None)
        self._records: WriteBehind | None = None
        self._draining = False
        self._log = structlog.get_logger()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then let live calls finish, and fall back with the rest."""
        await self._board.start()
        try:
            await self._prefetch()
            # What is here now stays: the collector need not walk it while frames are due. With a
            # million objects that walk takes 5 ms.
            gc.collect()
            gc.freeze()
            self._records = WriteBehind(self._store, self._disown)
            lines = [SharedLines(made) for _, made in self._pbxs]
            takers = [
                asyncio.create_task(self._take_calls(pbx, one))
                for (pbx, _), one in zip(self._pbxs, lines, strict=True)
            ]
            self._log.info("serving", pbx=[pbx.name for pbx, _ in self._pbxs])
            await _first(stop, takers)
            await self._drain()
            for one in lines:
                await one.close()
            await asyncio.gather(*takers)
            await self._records.close()
        finally:
            await self._board.close()
            if self._recogniser is not None:
                await self._recogniser.close()
            self._journal.close()

    async def _prefetch(self) -> None:
        """Make what will surely be said before the first caller waits for it."""
        for name, profile in self._settings.profiles.items():
            texts = [*flow_texts(self._flows[name]), profile.goodbye]
            await self._voice.prefetch(texts, profile.language)
        if self._recogniser is not None:
            await self._rehearse(self._recogniser)

    async def _rehearse(self, recogniser: GrammarRecogniser) -> None:
        """The first question costs a process and its model: let no caller wait for those."""
        word = Audio(await self._voice.say("yes"))
        again = range(self._settings.speech.recognisers)
        try:
            await asyncio.gather(*(recogniser.recognise(word, ("yes", "no")) for _ in again))
        except AgentError as error:
            self._log.warning("recogniser does not work: callers have their keys", why=str(error))

    async def _take_calls(self, pbx: Pbx, lines: SharedLines) -> None:
        settings = self._call_settings(pbx)
        host, port = self._board.address
        address = (str(pbx.media.advertise or host), port)
        assert self._records is not None
        async for line in lines.offers():
            driver = CallDriver(
                line,
                self._board,
                converse=self._converse,
                settings=settings,
                journal=self._journal,
                address=address,
                records=self._records,
                record=self._record(pbx, line.offer),
            )
            if self._draining:
                driver.tell(Drained())
            task = asyncio.create_task(driver.run())
            self._drivers[task] = driver
            task.add_done_callback(self._forget)

    def _record(self, pbx: Pbx, offer: Offered) -> CallRecord:
        return CallRecord(
            call=offer.call,
            worker=self._name,
            pbx=pbx.name,
            channel=offer.channel,
            application=self._name.replace(".", "-"),
            caller=offer.caller,
            called=offer.called,
            arguments=offer.arguments,
            profile=self._settings.profile_for(offer.called),
            offered=time.time(),
        )

    def _converse(self, offer: Offered, report: Report) -> Dialogue:
        name = self._settings.profile_for(offer.called)
        profile = self._settings.profiles[name]
        return Dialogue(
            brief=Brief(
                call=offer.call,
                profile=name,
                caller=offer.caller,
                called=offer.called,
                language=profile.language,
                variables={"weekday": WEEKDAYS[datetime.now().weekday()]},
            ),
            provider=self._providers[name],
            voice=self._voice,
            settings=FloorSettings(goodbye=profile.goodbye),
            report=report,
            journal=self._journal,
            offered=asyncio.get_running_loop().time(),
        )

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._drivers.pop(task)
        if not task.cancelled() and (error := task.exception()):
            self._log.error("driver broken", exc_info=error)

    def _disown(self, call: str) -> None:
        """Somebody else took this call over."""
        for driver in self._drivers.values():
            if driver.call == call:
                driver.tell(Disowned())

    async def _drain(self) -> None:
        """Live calls may finish; new ones, and what is left in the end, go to the fallback."""
        self._draining = True
        self._log.info("stopping", calls=len(self._drivers))
        if self._drivers:
            await asyncio.wait(self._drivers, timeout=self._settings.drain)
        for driver in self._drivers.values():
            driver.tell(Drained())
        if self._drivers:
            await asyncio.wait(self._drivers)

    def _call_settings(self, pbx: Pbx) -> CallSettings:
        return CallSettings(
            owner=Owner(self._settings.app, self._settings.worker),
            fallback=_extension(pbx.fallback),
            destinations={
                name: _extension(place) for name, place in self._settings.destinations.items()
            },
            codec=pbx.media.codec,
            caller_gone=self._settings.board.caller_gone,
        )


def voice_of(settings: Settings) -> ProgramVoice:
    """The local voice. Raises ConfigError when its program is missing."""
    speech = settings.speech
    cache = SpeechCache(speech.cache)
    return find_voice(speech.engine, speech.voice, folders=speech.programs, cache=cache)


def recogniser_of(settings: Settings) -> GrammarRecogniser | None:
    """The local recogniser. Raises ConfigError when pocketsphinx is not installed."""
    count = settings.speech.recognisers
    return GrammarRecogniser(workers=count) if count else None


def board_of(settings: Settings) -> MediaBoard:
    """The media board, not started yet."""
    board = settings.board
    seen_as = {
        str(named): str(seen) for pbx in settings.pbx for named, seen in pbx.media.map.items()
    }
    return MediaBoard(
        str(board.bind), board.port, rows=board.rows, far_delay=board.far_delay, seen_as=seen_as
    )


def pbx_settings(settings: Settings, pbx: Pbx, secrets: Secrets) -> PbxSettings:
    """One PBX with its password. Raises ConfigError when there is none."""
    return PbxSettings(
        url=pbx.url,
        user=pbx.user,
        password=secrets.get(pbx.password_env).get_secret_value(),
        name=pbx.name,
        app=settings.app,
        worker=settings.worker,
        fallback=(pbx.fallback.context, pbx.fallback.extension),
    )


def _check_words(flows: Mapping[str, Flow]) -> None:
    """Raises ConfigError for phrases that the recogniser could never hear."""
    faults = [
        f"profiles.{name}.flow: the recogniser does not know {fault}"
        for name, flow in flows.items()
        for fault in check_phrases(flow_phrases(flow))
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def _extension(place: DialplanPlace) -> Extension:
    return Extension(place.context, place.extension, place.priority)


async def _first(stop: asyncio.Event, tasks: Iterable[asyncio.Task[None]]) -> None:
    """Until `stop`; a task that ends before it has failed, and its error is raised."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in done:
        task.result()
