"""What every agent provider must do, whoever it is. A provider's test module subclasses
`AgentContract` and gives it a `rig`."""

import asyncio
from dataclasses import dataclass, field

import pytest

from ari_app.conversation.values import (
    CallerUnderstood,
    EdgeKind,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    ItemText,
    SessionFailed,
    ToolAsked,
    TurnEdge,
    Utterance,
)
from ari_app.media.values import Audio
from ari_app.ports import AgentProvider, AgentSession, Brief
from tests.support.listener import Listener
from tests.support.speech import silent

BRIEF = Brief(call="c1", profile="test", caller="1001", called="700")


@dataclass
class Rig:
    """A provider, and how to talk to it."""

    provider: AgentProvider
    question: list[Audio]
    "Frames of a caller's turn that is answered in words."
    question_text: str
    "What CallerUnderstood says of it."
    wish: list[list[Audio]]
    "Turns after which the agent asks for a tool."
    keys: str
    "Keys that are answered in words."
    tool: str
    "The name of that tool."


@dataclass
class Caller:
    """Somebody who speaks to a session; counts stream time."""

    session: AgentSession
    reached: float = field(default=0.0)

    async def hear(self, frames: list[Audio]) -> None:
        for frame in frames:
            await self.session.hear(frame)
            self.reached += frame.seconds

    async def say(self, frames: list[Audio], end: EdgeKind = EdgeKind.ENDED) -> None:
        """A turn as the conversation tells it: its beginning is noticed late, its end after a
        silence."""
        await self.hear(silent(0.5))
        onset = self.reached
        await self.hear(frames[:4])
        await self.session.turn(TurnEdge(EdgeKind.BEGAN, onset))
        await self.hear(frames[4:])
        last = self.reached
        await self.hear(silent(0.6))
        await self.session.turn(TurnEdge(end, last))


class AgentContract:
    """Inherit, and define the fixture `rig`."""

    @pytest.fixture
    def rig(self) -> Rig:
        raise NotImplementedError

    async def test_it_speaks_first(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.until(lambda: bool(agent.all(ItemFinished)))
            assert agent.said[0]
            assert agent.all(ItemAudio)

    async def test_items_are_whole_and_one_after_the_other(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await Caller(session).say(rig.question)
            await agent.until(lambda: bool(agent.all(CallerUnderstood)))
            await agent.settled()
            names = [started.item for started in agent.all(ItemStarted)]
            assert len(set(names)) == len(names)
            for name in names:
                first, *middle, last = agent.of(name)
                assert isinstance(first, ItemStarted)
                assert isinstance(last, ItemFinished)
                assert {type(event) for event in middle} == {ItemText, ItemAudio}

    async def test_a_turn_is_answered(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = len(agent.said)
            await Caller(session).say(rig.question)
            await agent.until(lambda: len(agent.all(ItemFinished)) > before)
            understood = CallerUnderstood(rig.question_text, "speech")
            assert agent.all(CallerUnderstood) == [understood]
            started = agent.all(ItemStarted)[before]
            assert agent.events.index(understood) < agent.events.index(started)

    async def test_a_dismissed_turn_is_not_answered(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = len(agent.events)
            await Caller(session).say(rig.question, EdgeKind.DISMISSED)
            await agent.settled()
            assert agent.events[before:] == []

    async def test_a_caller_who_says_nothing_is_asked_again(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = len(agent.said)
            await session.turn(TurnEdge(EdgeKind.PASSED, 9.0))
            await agent.until(lambda: len(agent.all(ItemFinished)) > before)

    async def test_keys_are_answered(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = len(agent.said)
            await session.press(rig.keys)
            await agent.until(lambda: len(agent.all(ItemFinished)) > before)
            assert [heard.by for heard in agent.all(CallerUnderstood)] == ["keys"]

    async def test_nothing_of_an_interrupted_item_follows(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.until(lambda: bool(agent.all(ItemAudio)))
            item = agent.all(ItemAudio)[0].item
            await session.interrupt(item, 0.1)
            await agent.settled()
            seen = len(agent.of(item))
            assert isinstance(agent.of(item)[-1], ItemFinished)
            await Caller(session).say(rig.question)
            await agent.until(lambda: bool(agent.all(CallerUnderstood)))
            await agent.settled()
            assert len(agent.of(item)) == seen

    async def test_it_asks_for_what_it_cannot_do(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            caller = Caller(session)
            for turn in rig.wish:
                await agent.settled()
                await caller.say(turn)
            await agent.until(lambda: bool(agent.all(ToolAsked)))
            (asked,) = agent.all(ToolAsked)
            assert (asked.name, bool(asked.call)) == (rig.tool, True)
            await session.answer_tool(asked.call, "done")

    async def test_told_to_respond_it_speaks(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = len(agent.said)
            await session.tell("The caller was on hold.", respond=False)
            await agent.settled()
            assert len(agent.said) == before
            await session.tell("The caller is back.", respond=True)
            await agent.until(lambda: len(agent.all(ItemFinished)) > before)

    async def test_briefed_again_it_goes_on_with_other_items(self, rig: Rig) -> None:
        history = (Utterance("caller", "hello", 0.0, 1.0),)
        again = Brief(call="c1", profile="test", history=history)
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = {started.item for started in agent.all(ItemStarted)}
            await session.rebrief(again)
            await agent.until(lambda: len(agent.all(ItemFinished)) > len(before))
            after = [started.item for started in agent.all(ItemStarted)][len(before) :]
            assert not before & set(after)

    async def test_a_closed_session_ends_its_events_and_runs_nothing(self, rig: Rig) -> None:
        running = asyncio.all_tasks()
        async with rig.provider.connect(BRIEF) as session:
            agent = Listener(session)
            await agent.__aenter__()
            await agent.settled()
        await agent.until(lambda: agent.ended)
        await agent.__aexit__(None, None, None)
        assert not agent.all(SessionFailed)
        assert asyncio.all_tasks() <= running

    async def test_what_comes_too_late_is_harmless(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
        before = list(agent.events)
        await Caller(session).say(rig.question)
        await session.press(rig.keys)
        await session.interrupt("unknown", 1.0)
        await session.tell("late", respond=True)
        await session.answer_tool("unknown", "refused: late")
        await session.rebrief(BRIEF)
        await agent.settled()
        assert agent.events == before

    async def test_unknown_items_and_tools_are_harmless(self, rig: Rig) -> None:
        async with rig.provider.connect(BRIEF) as session, Listener(session) as agent:
            await agent.settled()
            before = list(agent.events)
            await session.interrupt("unknown", 1.0)
            await session.answer_tool("unknown", "done")
            await session.turn(TurnEdge(EdgeKind.ENDED, 1.0))
            await agent.settled()
            assert agent.events == before
