"""The dialogue with the scripted agent and its front desk, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import ari_app.agents
from ari_app.agents.flow.load import load_flow
from ari_app.agents.scripted import ScriptedProvider
from ari_app.call.events import (
    AgentReady,
    Event,
    HandOverAsked,
    HangUpAsked,
    TranscriptGrew,
)
from ari_app.conversation.settings import FloorSettings
from ari_app.dialogue import Dialogue
from ari_app.ports import Brief
from tests.support import virtual_time
from tests.support.fake_media import FakeMedia
from tests.support.speech import FakeVoice

FRONT_DESK = Path(ari_app.agents.__file__).parent / "examples" / "front-desk.yaml"


class Story:
    """The agent's and the caller's lines, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        if kind in ("agent_said", "caller_said"):
            self.lines.append(f"{kind[:-5]}: {facts['text']}" + (" --" if facts.get("cut") else ""))


def call(
    scene: Callable[[Dialogue, FakeMedia], Awaitable[None]],
) -> tuple[list[Event], list[str]]:
    """What is reported and said in a call to the front desk."""
    reports: list[Event] = []

    def report(event: Event) -> None:
        if not isinstance(event, TranscriptGrew):
            reports.append(event)

    story = Story()

    async def run() -> None:
        flow = load_flow(FRONT_DESK, frozenset({"sales", "support", "mailbox"}))
        voice = FakeVoice()
        dialogue = Dialogue(
            brief=Brief("c1", "desk", variables={"weekday": "monday"}),
            provider=ScriptedProvider(flow, voice),
            voice=voice,
            settings=FloorSettings(),
            report=report,
            journal=story,
            offered=asyncio.get_running_loop().time(),
        )
        dialogue.prepare()
        await asyncio.sleep(0.1)
        media = FakeMedia()
        dialogue.start(media)
        await scene(dialogue, media)
        await dialogue.stop()

    virtual_time.run(run())
    return reports, story.lines


def test_a_caller_keys_the_way_to_sales() -> None:
    async def scene(dialogue: Dialogue, media: FakeMedia) -> None:
        await media.run(0.2)
        dialogue.press("3", 0.1)  # over the notice, which is played to its end
        await media.run(1.0)
        dialogue.press("1", 0.1)
        await media.run(3.0)

    reports, lines = call(scene)
    assert reports == [AgentReady(), HandOverAsked("sales")]
    assert lines[0] == "agent: You are talking with an automated assistant."
    assert lines[-1] == "agent: One moment. I am calling the sales team."


def test_a_caller_who_never_does_anything_comes_to_an_end() -> None:
    async def scene(dialogue: Dialogue, media: FakeMedia) -> None:
        await media.run(60.0)

    reports, _ = call(scene)
    assert len(reports) == 2
    assert isinstance(reports[-1], HandOverAsked | HangUpAsked)
