"""A dialogue with a fake media and a fake agent, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

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
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.values import (
    CallerUnderstood,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ToolAsked,
)
from ari_app.dialogue import Dialogue
from ari_app.errors import AgentError
from ari_app.media.values import SpeechBegan, StreamHeard, StreamQuiet
from ari_app.ports import Brief
from tests.support import virtual_time
from tests.support.fake_agent import FakeProvider, FakeSession, silence
from tests.support.fake_media import FakeMedia
from tests.support.speech import FakeVoice


@dataclass
class Pages:
    """A journal in memory."""

    entries: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        assert call == "c1"
        self.entries.append((kind, at, facts))

    def of(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        return [(at, facts) for one, at, facts in self.entries if one == kind]


class Scene:
    """A dialogue and everything around it."""

    def __init__(self, provider: FakeProvider | None = None) -> None:
        self.session = FakeSession()
        self.provider = provider or FakeProvider(self.session)
        self.provider.session = self.session
        self.voice = FakeVoice()
        self.journal = Pages()
        self.reports: list[Event] = []
        self.grew = 0
        self.media = FakeMedia()
        self.dialogue = Dialogue(
            brief=Brief("c1", "desk"),
            provider=self.provider,
            voice=self.voice,
            settings=FloorSettings(),
            report=self.report,
            journal=self.journal,
            offered=asyncio.get_running_loop().time(),
        )

    def report(self, event: Event) -> None:
        if isinstance(event, TranscriptGrew):
            self.grew += 1
        else:
            self.reports.append(event)

    async def begin(self) -> None:
        self.dialogue.prepare()
        await asyncio.sleep(0)
        self.dialogue.start(self.media)


def play(scene: Callable[[Scene], Awaitable[None]], provider: FakeProvider | None = None) -> None:
    """Run a scene, and close it."""

    async def run() -> None:
        stage = Scene(provider)
        try:
            await scene(stage)
        finally:
            await stage.dialogue.stop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, "the dialogue leaves tasks behind"

    virtual_time.run(run())


def test_what_the_agent_says_before_the_answer_is_played_after_it() -> None:
    async def scene(stage: Scene) -> None:
        stage.session.say("hello", "Good morning", 1.0)
        stage.dialogue.prepare()
        await asyncio.sleep(0.3)
        assert stage.reports == [AgentReady()]
        assert stage.media.spoken == {}
        stage.dialogue.start(stage.media)
        await stage.media.run(1.2)
        assert stage.media.spoken["hello"] == pytest.approx(1.0)
        [(at, facts)] = stage.journal.of("agent_said")
        assert facts["text"] == "Good morning"
        assert not facts["cut"]
        assert at == pytest.approx(0.3, abs=0.1)
        assert facts["until"] == pytest.approx(1.3, abs=0.1)

    play(scene)


def test_frames_from_before_we_listened_neither_shift_the_transcript_nor_reach_the_agent() -> None:
    async def scene(stage: Scene) -> None:
        stage.dialogue.prepare()
        await stage.media.run(0.5)  # connected, but nobody listens yet
        stage.session.say("hello", "Good morning", 1.0)
        stage.dialogue.start(stage.media)
        await stage.media.run(1.5)
        [(at, facts)] = stage.journal.of("agent_said")
        assert at == pytest.approx(0.5 + 0.06, abs=0.02)
        assert facts["until"] == pytest.approx(1.5, abs=0.02)
        assert len(stage.session.frames) == 75

    play(scene)


def test_an_agent_without_a_first_word_is_ready_after_a_second() -> None:
    async def scene(stage: Scene) -> None:
        stage.dialogue.prepare()
        await asyncio.sleep(0.9)
        assert stage.reports == []
        await asyncio.sleep(0.2)
        assert stage.reports == [AgentReady()]

    play(scene)


@pytest.mark.parametrize(
    ("provider", "reason"),
    [
        (FakeProvider(FakeSession(), connects=60.0), "no session within 4.0 s"),
        (FakeProvider(FakeSession(), refusal=AgentError("no key")), "no key"),
    ],
)
def test_an_agent_that_cannot_be_had_has_failed(provider: FakeProvider, reason: str) -> None:
    async def scene(stage: Scene) -> None:
        stage.dialogue.prepare()
        await asyncio.sleep(5.0)
        assert stage.reports == [AgentFailed(reason)]

    play(scene, provider)


def test_a_turn_is_heard_told_answered_and_written_down() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.media.speak(1.0, 2.0)
        await stage.media.run(2.7)
        assert stage.session.told == [(1.06, "began 1.0"), (2.5, "ended 2.0")]
        stage.session.give(CallerUnderstood("sales"))
        stage.session.say("fine", "Sales it is", 1.0)
        await stage.media.run(1.5)
        assert len(stage.session.frames) == 210
        [(at, facts)] = stage.journal.of("caller_said")
        assert facts == {"text": "sales", "until": pytest.approx(2.0, abs=0.05), "by": "speech"}
        assert at == pytest.approx(1.0, abs=0.05)
        [(_, turn)] = stage.journal.of("turn")
        assert turn["decided"] == pytest.approx(0.5, abs=0.05)
        assert turn["answered"] == pytest.approx(0.7, abs=0.05)

    play(scene)


def test_an_interruption_silences_us_and_tells_the_agent_what_was_heard() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.say("hours", "We are open from nine to five on all days", 6.0)
        stage.media.speak(2.0, 3.0)
        await stage.media.run(3.6)
        assert stage.media.verbs == [(2.06, "pause"), (2.4, "flush"), (2.4, "resume 0.0")]
        assert stage.session.heard == ["began 2.0", "interrupt hours 2.0", "ended 3.0"]
        [(_, said)] = stage.journal.of("agent_said")
        assert said["text"] == "We are open"
        assert said["cut"]
        [(_, barge_in)] = stage.journal.of("barge_in")
        assert barge_in["committed"]
        assert barge_in["paused"] == pytest.approx(0.06, abs=0.03)
        stage.session.give(ItemAudio("hours", silence(1.0)), ItemFinished("hours"))  # too late
        await stage.media.run(1.0)
        assert stage.media.spoken["hours"] == pytest.approx(2.06, abs=0.03)

    play(scene)


def test_a_key_reaches_the_agent_once_although_asterisk_doubles_it() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.dialogue.press("1", 0.1)
        await stage.media.run(0.1)
        stage.dialogue.press("1", 0.1)
        await stage.media.run(0.4)
        stage.dialogue.press("1", 0.1)
        await stage.media.run(0.1)
        assert stage.session.heard == ["keys 1", "keys 1"]
        assert [facts["digits"] for _, facts in stage.journal.of("keys")] == ["1", "1"]

    play(scene)


def test_a_hand_over_waits_for_the_last_word() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.say("moment", "One moment", 1.0)
        stage.session.give(ToolAsked("t", "hand_over", {"destination": "sales", "reason": "asked"}))
        await stage.media.run(0.9)
        assert HandOverAsked("sales", "asked") not in stage.reports
        stage.session.end()  # a flow that is over says no more: no failure
        await stage.media.run(0.3)
        assert stage.reports == [AgentReady(), HandOverAsked("sales", "asked")]
        assert stage.grew == len(stage.dialogue.history) > 0

    play(scene)


@pytest.mark.parametrize("error", [None, AgentError("no voice")])
def test_a_silent_caller_is_told_goodbye_and_released(error: AgentError | None) -> None:
    async def scene(stage: Scene) -> None:
        stage.voice.failure = error
        await stage.begin()
        await stage.media.run(21.0)
        assert stage.session.heard == ["passed 6.0", "passed 12.0"]
        assert stage.voice.said == [(FloorSettings().goodbye, "en")]
        assert stage.reports == [AgentReady(), HangUpAsked("no input")]
        assert len(stage.journal.of("agent_said")) == (0 if error else 1)

    play(scene)


def test_on_hold_the_agent_hears_and_says_nothing() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.say("long", "A long story", 30.0)
        await stage.media.run(1.0)
        stage.dialogue.hold(True)
        stage.media.speak(2.0, 5.0)
        await stage.media.run(9.0)
        assert stage.media.silence_expected
        assert not any(frame.samples.any() for frame in stage.session.frames[60:])
        assert stage.session.heard == []
        stage.dialogue.hold(False)
        await stage.media.run(1.0)
        assert [verb for _, verb in stage.media.verbs] == ["pause", "resume 0.2"]
        assert not stage.media.silence_expected

    play(scene)


def test_over_another_media_we_go_on_where_we_were() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.say("story", "one two three four", 4.0)
        await stage.media.run(2.0)
        other = FakeMedia("m2")
        stage.dialogue.start(other)
        await other.run(2.8)
        assert other.spoken["story"] == pytest.approx(2.3, abs=0.2)
        [(_, said)] = stage.journal.of("agent_said")
        assert said["text"] == "one two three four"
        other.speak(3.0, 4.0)
        stage.media.tell(SpeechBegan(9.0))  # nobody listens there any more
        await other.run(3.0)
        assert stage.session.heard == ["began 5.0", "ended 6.0"]  # stream time goes on

    play(scene)


def test_silence_on_the_wire_is_the_calls_affair() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.media.tell(StreamQuiet(2.0))
        stage.media.tell(StreamHeard())
        await stage.media.run(0.1)
        assert stage.reports == [MediaQuiet("m1", 2.0), MediaHeard("m1")]

    play(scene)


async def _ended(stage: Scene) -> None:
    stage.session.end()


async def _broken(stage: Scene) -> None:
    stage.session.end(AgentError("gone"))
    stage.session.end(AgentError("gone again"))


async def _deaf(stage: Scene) -> None:
    stage.session.deaf = AgentError("deaf")


@pytest.mark.parametrize("loss", [_ended, _broken, _deaf])
def test_a_lost_agent_is_reported_once(loss: Callable[[Scene], Awaitable[None]]) -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        await stage.media.run(1.2)
        await loss(stage)
        await stage.media.run(1.0)
        assert [type(report) for report in stage.reports] == [AgentReady, AgentFailed]

    play(scene)


def test_a_bug_costs_the_agent_and_is_not_hidden() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.give(ItemStarted(["no name"]))  # type: ignore[arg-type]
        await stage.media.run(0.1)
        assert stage.reports == [AgentFailed("a bug: TypeError")]

    with pytest.raises(TypeError):
        play(scene)


def test_stopping_twice_closes_once_and_keeps_what_was_played() -> None:
    async def scene(stage: Scene) -> None:
        await stage.begin()
        stage.session.say("story", "one two three four", 4.0)
        await stage.media.run(2.2)
        await stage.dialogue.stop()
        await stage.dialogue.stop()
        assert stage.session.closed
        [(_, said)] = stage.journal.of("agent_said")
        assert said["text"] == "one two"
        stage.dialogue.press("1", 0.1)
        assert stage.reports == [AgentReady()]

    play(scene)
