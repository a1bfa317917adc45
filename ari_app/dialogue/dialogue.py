"""One conversation, driven: what media, agent and clock say goes to the floor, what the floor
commands is done. No decision about who speaks is made here."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from ari_app.call.events import (
    AgentFailed,
    AgentReady,
    Event,
    HandOverAsked,
    HangUpAsked,
    MediaHeard,
    MediaQuiet,
    TranscriptGrew,
)
from ari_app.conversation import commands as ask
from ari_app.conversation import events as told
from ari_app.conversation import values as said
from ari_app.conversation.floor import Conversation
from ari_app.conversation.settings import FloorSettings
from ari_app.dialogue.ear import Ear
from ari_app.dialogue.journalist import Journalist
from ari_app.dialogue.outgoing import Outgoing
from ari_app.dialogue.output import Output
from ari_app.errors import AgentError
from ari_app.media import values as media_values
from ari_app.ports import AgentProvider, Brief, Journal, Media, Voice

CONNECTS = 4.0
"A session that is not open after this long is none, seconds."
FIRST_WORD = 1.0
"An open session is ready after this long even if it has not begun to speak, seconds."


class Dialogue:
    """One caller, one agent. `report` is called from the loop's thread; AgentReady at most once,
    AgentFailed at most once and last."""

    def __init__(
        self,
        *,
        brief: Brief,
        provider: AgentProvider,
        voice: Voice,
        settings: FloorSettings,
        report: Callable[[Event], None],
        journal: Journal,
        offered: float,
    ) -> None:
        """offered: when the call was offered, in the running loop's time."""
        self._brief = brief
        self._provider = provider
        self._voice = voice
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._floor = Conversation(settings)
        self._journalist = Journalist(journal, brief.call, offered, self._floor.stream)
        self._output = Output()
        self._outgoing = Outgoing()
        self._ear = Ear()
        self._media: Media | None = None
        self._held = self._ready = self._over = False
        self._listening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def history(self) -> tuple[said.Utterance, ...]:
        """All that was heard and played, before this process had the call too."""
        return (*self._brief.history, *self._floor.transcript.lines)

    def prepare(self) -> None:
        """Connect the agent in the background; AgentReady or AgentFailed is reported."""
        self._spawn(self._talk())

    def start(self, media: Media) -> None:
        """Talk over this media; called again with another one, go on there."""
        first = self._media is None
        self._media = media
        if self._listening is not None:
            self._listening.cancel()
        media.expect_silence(self._held)
        media.catch_up()
        self._output.attach(media)
        self._ear.attach()
        self._tell(told.Started() if first else told.MediaMoved())
        self._listening = self._spawn(self._listen(media))

    def press(self, digit: str, duration: float) -> None:
        """The caller released a key that was down for `duration` seconds."""
        self._tell(told.KeyPressed(digit, duration))

    def hold(self, held: bool) -> None:
        """The caller is on hold (True) or back: the agent hears silence and says nothing."""
        self._held = held
        if self._media is not None:
            self._media.expect_silence(held)
        self._tell(told.Held(held))

    async def stop(self) -> None:
        """Close the session and end everything; nothing is reported any more. Idempotent."""
        self._end()
        running = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    # Who talks to us.

    async def _talk(self) -> None:
        """The agent's session, from its beginning to its end."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(CONNECTS):
                    session = await stack.enter_async_context(self._provider.connect(self._brief))
            except TimeoutError as error:
                raise AgentError(f"no session within {CONNECTS} s", retryable=True) from error
            self._spawn(self._outgoing.run(session))
            self._timers["ready"] = self._loop.call_later(FIRST_WORD, self._get_ready)
            async for event in session.events():
                self._take(event)
        raise AgentError("the session ended")

    def _take(self, event: said.AgentEvent) -> None:
        """An agent's event: audio to the output, all else to the floor."""
        match event:
            case said.ItemAudio(item, audio):
                if self._output.play(item, audio):
                    self._tell(told.ItemQueued(item, audio.seconds))
                    self._get_ready()
                return
            case said.ItemStarted(item):
                self._output.begin(item)
            case said.ItemFinished(item):
                self._output.finish(item)
        self._tell(event)

    async def _listen(self, media: Media) -> None:
        """The caller's side, from one media."""
        async for event in media.events():
            match event:
                case media_values.FrameHeard():
                    self._hear(event)
                case media_values.SpeechBegan() | media_values.SpeechEnded():
                    self._tell(self._ear.edge(event))
                case media_values.Played():
                    self._tell(self._output.played(event))
                case media_values.StreamQuiet(seconds):
                    self._inform(MediaQuiet(media.id, seconds))
                case media_values.StreamHeard():
                    self._inform(MediaHeard(media.id))

    def _hear(self, frame: media_values.FrameHeard) -> None:
        if self._over:
            return
        audio = self._ear.hear(frame, silent=self._held)
        self._outgoing.put(lambda session: session.hear(audio))
        if self._ear.sighting_due:
            self._tell(told.StreamReached(self._ear.reached))

    async def _say(self, item: str, text: str) -> None:
        """Our own words, spoken by the voice."""
        self._output.begin(item)
        try:
            async for audio in self._voice.speak(text, self._brief.language):
                if self._output.play(item, audio):
                    self._tell(told.ItemQueued(item, audio.seconds))
        except AgentError:
            pass  # a goodbye that cannot be spoken must not keep the caller
        self._output.finish(item)
        self._tell(said.ItemFinished(item))

    # What the floor wants.

    def _tell(self, event: told.Event) -> None:
        if self._over:
            return
        now = self._loop.time()
        for command in self._floor.handle(event, now):
            self._obey(command, now)
        due = self._floor.deadline()
        if "tick" in self._timers:
            self._timers.pop("tick").cancel()
        if due is not None and not self._over:
            self._timers["tick"] = self._loop.call_at(due, self._tell, told.Tick())

    def _obey(self, command: ask.Command, now: float) -> None:
        match command:
            case ask.PauseOutput() | ask.ResumeOutput() | ask.FlushOutput() | ask.DropItem():
                self._output.obey(command)
            case ask.Say(item, text):
                self._spawn(self._say(item, text))
            case ask.HandOver(destination, reason):
                self._inform(HandOverAsked(destination, reason))
            case ask.HangUp(reason):
                self._inform(HangUpAsked(reason))
            case ask.GiveUp(reason):
                self._fail(reason)
            case ask.SendEdge(edge):
                self._outgoing.put(lambda session: session.turn(edge))
            case ask.SendInterrupt(item, played):
                self._outgoing.put(lambda session: session.interrupt(item, played))
            case ask.SendKeys(digits):
                self._outgoing.put(lambda session: session.press(digits))
            case ask.AnswerTool(call, result):
                self._outgoing.put(lambda session: session.answer_tool(call, result))
            case _:
                self._journalist.write(command, now)
                if isinstance(command, ask.WriteUtterance):
                    self._inform(TranscriptGrew())

    # What the call is told.

    def _inform(self, event: Event) -> None:
        if not self._over:
            self._report(event)

    def _get_ready(self) -> None:
        if not self._ready:
            self._ready = True
            self._inform(AgentReady())

    def _fail(self, reason: str) -> None:
        self._inform(AgentFailed(reason))
        self._end()

    def _end(self) -> None:
        """Nothing more is said or reported; what was played of the last words is written down."""
        for played in self._output.unfinished():
            self._tell(played)
        self._over = True
        for timer in self._timers.values():
            timer.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A task of ours is over. A lost agent is an event; any other error is a bug, which costs
        the caller the agent but not the call."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, AgentError):
            self._tell(said.SessionFailed(str(error), error.retryable))
        elif error is not None:
            self._loop.call_exception_handler(
                {"message": "a bug in a conversation", "exception": error, "task": task}
            )
            self._fail(f"a bug: {type(error).__name__}")
