"""The scripted agent with a voice and a recogniser that only pretend."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import ari_app
from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Ask, Digits
from ari_app.agents.scripted import ScriptedProvider
from ari_app.conversation.values import (
    CallerUnderstood,
    EdgeKind,
    ItemAudio,
    ItemFinished,
    ItemStarted,
    PatienceSet,
    SessionFailed,
    ToolAsked,
    TurnEdge,
    Utterance,
)
from ari_app.errors import AgentError
from tests.agents.contract import BRIEF, AgentContract, Caller, Rig
from tests.support.listener import Listener
from tests.support.speech import FakeRecogniser, FakeVoice, silent, spoken, words_in

EXAMPLES = Path(ari_app.__file__).parent / "agents/examples"
FRONT_DESK = load_flow(EXAMPLES / "front-desk.yaml", frozenset({"sales", "support", "mailbox"}))
NUMBERS = load_flow(Path(__file__).parent / "flow/numbers.yaml", frozenset({"desk"}))
NOTICE = "You are talking with an automated assistant."
MENU = "How can I help you? You can say opening hours, leave a message, sales, or support."
AGAIN = "Please say opening hours, leave a message, sales, or support."


@pytest.fixture
def voice() -> FakeVoice:
    return FakeVoice()


@pytest.fixture
def recogniser() -> FakeRecogniser:
    return FakeRecogniser()


@pytest.fixture
def provider(voice: FakeVoice, recogniser: FakeRecogniser) -> ScriptedProvider:
    return ScriptedProvider(FRONT_DESK, voice, recogniser)


class TestContract(AgentContract):
    @pytest.fixture
    def rig(self, provider: ScriptedProvider) -> Rig:
        return Rig(
            provider,
            question=spoken("opening hours"),
            question_text="opening hours",
            wish=[spoken("sales"), spoken("yes")],
            keys="1",
            tool="hand_over",
        )


async def test_the_notice_comes_first_whole_and_cannot_be_interrupted(
    provider: ScriptedProvider, voice: FakeVoice
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await agent.settled()
        assert agent.said == [NOTICE, MENU]
        assert [started.interruptible for started in agent.all(ItemStarted)] == [False, True]
        assert voice.said == [(NOTICE, "en"), (MENU, "en")]
        seconds = [a.audio.seconds for a in agent.all(ItemAudio) if a.item == "flow1.1"]
        assert sum(seconds) == pytest.approx(len(NOTICE) / 100)


async def test_sessions_of_one_provider_share_no_item(provider: ScriptedProvider) -> None:
    connect = provider.connect
    async with connect(BRIEF) as one, connect(BRIEF) as two, Listener(one) as first:
        await first.settled()
        async with Listener(two) as second:
            await second.settled()
    items = [{started.item for started in agent.all(ItemStarted)} for agent in (first, second)]
    assert not items[0] & items[1]


async def test_a_confirmed_wish_hands_over_after_its_last_words(
    provider: ScriptedProvider,
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        caller = Caller(session)
        await caller.say(spoken("support"))
        await agent.until(lambda: len(agent.all(CallerUnderstood)) == 1)
        assert not agent.all(ToolAsked)
        await caller.say(spoken("yes"))
        await agent.until(lambda: bool(agent.all(ToolAsked)))
        (asked,) = agent.all(ToolAsked)
        assert (asked.name, asked.arguments) == ("hand_over", {"destination": "support"})
        assert isinstance(agent.events[agent.events.index(asked) - 1], ItemFinished)


async def test_the_first_word_is_heard_although_the_turn_was_noticed_late(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await Caller(session).say(spoken("leave a message", seconds=1.5))
        await agent.until(lambda: bool(agent.all(CallerUnderstood)))
    ((audio, phrases),) = recogniser.asked
    assert words_in(audio) == "leave a mesage"
    assert "leave a message" in phrases
    assert audio.seconds == pytest.approx(1.5 + 0.3 + 0.3, abs=0.03)


async def test_words_said_over_the_notice_are_heard_when_it_is_over(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        caller = Caller(session)
        await caller.hear(spoken("sales"))
        await caller.hear(silent(3.0))
        await session.turn(TurnEdge(EdgeKind.BEGAN, 0.0))
        await session.turn(TurnEdge(EdgeKind.ENDED, 0.6))
        await agent.until(lambda: bool(agent.all(CallerUnderstood)))
    assert agent.all(CallerUnderstood) == [CallerUnderstood("sales", "speech")]


async def test_of_an_endless_turn_only_some_seconds_are_recognised(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await Caller(session).say(spoken("bla", seconds=30.0))
        await agent.until(lambda: bool(recogniser.asked))
    assert recogniser.asked[0][0].seconds <= 15.0


async def test_a_key_overtakes_what_is_still_being_recognised(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    recogniser.ready.clear()
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await Caller(session).say(spoken("sales"))
        await session.press("4")
        recogniser.ready.set()
        await agent.settled()
        assert agent.all(CallerUnderstood) == [CallerUnderstood("4", "keys")]
        assert [asked.arguments["destination"] for asked in agent.all(ToolAsked)] == ["support"]


async def test_speech_that_began_before_a_key_answered_is_not_the_next_answer(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await session.hear(silent(0.02)[0])
        await session.turn(TurnEdge(EdgeKind.BEGAN, 0.0))
        await session.press("1")
        await session.turn(TurnEdge(EdgeKind.ENDED, 0.02))
        await agent.settled()
        assert recogniser.asked == []
        assert agent.all(CallerUnderstood) == [CallerUnderstood("1", "keys")]


async def test_an_interruption_stops_an_item_that_is_being_spoken(
    provider: ScriptedProvider, voice: FakeVoice
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await agent.settled()
        voice.breath.clear()
        await session.turn(TurnEdge(EdgeKind.PASSED, 1.0))
        await agent.settled()
        item = agent.all(ItemStarted)[-1].item
        await session.interrupt(item, 0.0)
        voice.breath.set()
        await agent.settled()
        kinds = [type(event).__name__ for event in agent.of(item)]
        assert kinds == ["ItemStarted", "ItemText", "ItemFinished"]


async def test_items_dropped_before_anybody_took_them_are_never_seen(
    provider: ScriptedProvider,
) -> None:
    async with provider.connect(BRIEF) as session:
        await asyncio.sleep(0.01)
        await session.press("4")
        async with Listener(session) as agent:
            await agent.settled()
    assert agent.said == [NOTICE, "One moment. I am calling the support team."]


async def test_a_failing_recogniser_leaves_the_keys(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    recogniser.failure = AgentError("the worker is gone")
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        caller = Caller(session)
        await caller.say(spoken("sales"))
        await agent.until(lambda: any("press 3" in text for text in agent.said))
        assert agent.said[2] == "I can not hear you well. Please use the keys of your phone."
        assert agent.all(PatienceSet)[-1].interruptible_by_speech is False
        await session.press("3")
        await agent.until(lambda: bool(agent.all(ToolAsked)))
        assert not agent.all(SessionFailed)


async def test_a_recogniser_that_fails_once_is_asked_again(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    recogniser.failure = AgentError("busy", retryable=True)
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        caller = Caller(session)
        await caller.say(spoken("sales"))
        await agent.until(lambda: "Sorry, I did not understand." in agent.said)
        recogniser.failure = None
        await caller.say(spoken("sales"))
        await agent.until(lambda: bool(agent.all(CallerUnderstood)))


async def test_a_recogniser_that_fails_twice_in_a_row_is_given_up(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    recogniser.failure = AgentError("too slow", retryable=True)
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        caller = Caller(session)
        for _ in range(2):
            await caller.say(spoken("sales"))
            await agent.settled()
        assert "I can not hear you well. Please use the keys of your phone." in agent.said


async def test_without_a_recogniser_keys_are_offered_at_once(voice: FakeVoice) -> None:
    provider = ScriptedProvider(FRONT_DESK, voice)
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await agent.settled()
    assert "press 3" in agent.said[-1]
    assert len(agent.said) == 2


async def test_a_voice_that_fails_ends_the_session(
    provider: ScriptedProvider, voice: FakeVoice
) -> None:
    voice.failure = AgentError("flite is gone", retryable=True)
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await agent.until(lambda: agent.ended)
    assert agent.events[-1] == SessionFailed("the voice failed: flite is gone", retryable=True)


async def test_keys_that_stop_coming_are_an_answer_after_their_timeout(voice: FakeVoice) -> None:
    number = NUMBERS.steps["number"]
    assert isinstance(number, Ask)
    quick = replace(number, digits=Digits(minimum=2, maximum=5, timeout=0.1))
    flow = replace(NUMBERS, steps={**NUMBERS.steps, "number": quick})
    provider = ScriptedProvider(flow, voice)
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await session.press("123456")
        await agent.settled()
        assert [heard.text for heard in agent.all(CallerUnderstood)] == ["1234"]
        await agent.until(lambda: len(agent.all(CallerUnderstood)) == 2)
        assert [heard.text for heard in agent.all(CallerUnderstood)] == ["1234", "56"]


async def test_a_hang_up_that_is_taken_back_opens_the_question_again(
    provider: ScriptedProvider,
) -> None:
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await session.press("9")
        await agent.until(lambda: bool(agent.all(ToolAsked)))
        await session.answer_tool(agent.all(ToolAsked)[0].call, "withdrawn: the caller spoke up")
        await Caller(session).say(spoken("sales"))
        await agent.until(lambda: agent.said[-1] == "You want sales. Is that right?")


async def test_a_session_that_goes_on_with_a_conversation_resumes(
    provider: ScriptedProvider,
) -> None:
    brief = replace(BRIEF, history=(Utterance("caller", "sales", 0.0, 1.0),))
    async with provider.connect(brief) as session, Listener(session) as agent:
        await agent.settled()
    assert agent.said == ["Sorry, where were we?", MENU]


async def test_closing_waits_for_no_recogniser(
    provider: ScriptedProvider, recogniser: FakeRecogniser
) -> None:
    recogniser.ready.clear()
    running = asyncio.all_tasks()
    async with provider.connect(BRIEF) as session:
        await Caller(session).say(spoken("sales"))
        await asyncio.sleep(0)
        assert recogniser.asked
    assert asyncio.all_tasks() <= running


async def test_a_new_brief_forgets_what_was_to_be_said(
    provider: ScriptedProvider, voice: FakeVoice
) -> None:
    voice.breath.clear()
    async with provider.connect(BRIEF) as session, Listener(session) as agent:
        await agent.settled()
        await session.rebrief(BRIEF)
        voice.breath.set()
        await agent.settled()
    assert agent.said == [NOTICE, "Sorry, where were we?", MENU]
    assert not [a for a in agent.all(ItemAudio) if a.item.startswith("flow1.")]
