"""The scripted agent: a flow, spoken by a voice and answered by speech or keys. The embedded
default: no key, no network; also what a call falls back to.

A thin shell: `flow.interpret` decides, this does what it says.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from ari_app.agents.flow.interpret import Interpreter
from ari_app.agents.flow.model import Flow
from ari_app.agents.flow.moves import (
    Act,
    Begun,
    Dismissed,
    Drop,
    FlowCommand,
    FlowEvent,
    Heard,
    Interrupted,
    NotDone,
    Passed,
    Pressed,
    Speak,
    SpeechLost,
    Tick,
)
from ari_app.agents.outbox import Outbox
from ari_app.agents.speaker import Line, Speaker
from ari_app.agents.utterance import UtteranceAudio
from ari_app.conversation.values import (
    AgentEvent,
    EdgeKind,
    ToolAsked,
    TurnEdge,
)
from ari_app.errors import AgentError
from ari_app.media.values import Audio
from ari_app.ports import Brief, Capabilities, Recogniser, Voice


class ScriptedProvider:
    """Sessions that all walk the same flow. An `AgentProvider`."""

    def __init__(self, flow: Flow, voice: Voice, recogniser: Recogniser | None = None) -> None:
        """Without a recogniser callers have only their keys."""
        self._flow = flow
        self._voice = voice
        self._recogniser = recogniser
        self._runs = itertools.count(1)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(hears_rate=8000, floor=frozenset({"ours"}), truncates=True)

    @asynccontextmanager
    async def connect(self, brief: Brief) -> AsyncIterator["ScriptedSession"]:
        session = ScriptedSession(self._flow, self._voice, self._recogniser, self._runs)
        session.begin(brief, resuming=bool(brief.history))
        try:
            yield session
        finally:
            await session.close()


class ScriptedSession:
    """One caller in the flow. An `AgentSession`."""

    def __init__(
        self, flow: Flow, voice: Voice, recogniser: Recogniser | None, runs: Iterator[int]
    ) -> None:
        self._flow = flow
        self._recogniser = recogniser
        self._runs = runs
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox()
        self._speaker = Speaker(voice, self._outbox)
        self._utterance = UtteranceAudio()
        self._asked = 0
        "The question that was open when the caller began to speak."
        self._unheard = 0
        "Failures of the recogniser in a row."
        self._timer: asyncio.TimerHandle | None = None
        self._listening: set[asyncio.Task[None]] = set()
        self._closed = False

    def begin(self, brief: Brief, *, resuming: bool) -> None:
        """Walk the flow from its start, or from where it resumes a conversation."""
        self._language = brief.language
        self._prefix = f"flow{next(self._runs)}."
        self._acts = itertools.count(1)
        self._machine = Interpreter(
            self._flow,
            {**brief.variables, "caller": brief.caller, "called": brief.called},
            resuming=resuming,
            keys_only=self._recogniser is None,
        )
        self._feed(Begun())

    async def close(self) -> None:
        """End the session: its events end, and nothing of it runs any longer."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await self._speaker.close()

    async def hear(self, frame: Audio) -> None:
        self._utterance.hear(frame)

    async def turn(self, edge: TurnEdge) -> None:
        match edge.kind:
            case EdgeKind.BEGAN:
                self._utterance.begin(edge.at)
                self._asked = self._machine.question
            case EdgeKind.ENDED:
                self._listen(self._utterance.end(edge.at))
            case EdgeKind.DISMISSED:
                self._utterance.forget()
                self._feed(Dismissed())
            case EdgeKind.PASSED:
                self._utterance.forget()
                self._feed(Passed())

    async def press(self, digits: str) -> None:
        for digit in digits:
            self._feed(Pressed(digit))

    async def tell(self, text: str, *, respond: bool) -> None:
        """A flow understands no text: it asks its question again when it is to respond."""
        if respond:
            self._feed(Passed())

    async def interrupt(self, item: str, played: float) -> None:
        if item.startswith(self._prefix):
            self._feed(Interrupted(int(item.removeprefix(self._prefix))))
        else:
            self._speaker.drop((item,))

    async def answer_tool(self, call: str, result: str) -> None:
        """A flow goes on only if what it ended with is not to be."""
        if result.startswith(("refused", "withdrawn")):
            self._feed(NotDone())

    async def rebrief(self, brief: Brief) -> None:
        self._speaker.clear()
        self._utterance.forget()
        self.begin(brief, resuming=True)

    def events(self) -> AsyncIterator[AgentEvent]:
        return self._outbox.events()

    def _feed(self, event: FlowEvent) -> None:
        """Tell the machine, do what it says, and wake it at its deadline."""
        if self._closed:
            return
        for command in self._machine.handle(event, self._loop.time()):
            self._obey(command)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._machine.deadline()
        if due is not None:
            self._timer = self._loop.call_at(due, self._feed, Tick())

    def _obey(self, command: FlowCommand) -> None:
        match command:
            case Speak(item, text, interruptible):
                name = f"{self._prefix}{item}"
                self._speaker.give(Line(name, text, self._language, interruptible))
            case Drop(items):
                self._speaker.drop([f"{self._prefix}{item}" for item in items])
            case Act(name, arguments):
                call = f"{self._prefix}act{next(self._acts)}"
                self._speaker.give(ToolAsked(call, name, arguments))
            case _:
                self._speaker.give(command)

    def _listen(self, audio: Audio | None) -> None:
        """Have the caller's turn recognised, unless its question was answered meanwhile."""
        if self._closed or audio is None or self._asked != self._machine.question:
            return
        phrases = self._machine.phrases
        if self._recogniser is None or not phrases:
            self._feed(Heard("", self._asked))
            return
        task = asyncio.create_task(self._recognise(self._recogniser, audio, phrases, self._asked))
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)

    async def _recognise(
        self, recogniser: Recogniser, audio: Audio, phrases: tuple[str, ...], question: int
    ) -> None:
        try:
            heard = await recogniser.recognise(audio, phrases)
        except AgentError as error:
            self._unheard += 1
            lost = not error.retryable or self._unheard > 1
            self._feed(SpeechLost() if lost else Heard("", question))
        else:
            self._unheard = 0
            self._feed(Heard(heard.text, question))
