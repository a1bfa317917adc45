"""Lines and events, strictly one after the other."""

from collections.abc import AsyncIterator

import pytest

from ari_app.agents.outbox import Outbox
from ari_app.agents.speaker import Line, Speaker
from ari_app.conversation.values import (
    AgentEvent,
    CallerUnderstood,
    ItemAudio,
    ItemStarted,
    SessionFailed,
)
from ari_app.errors import AgentError
from ari_app.media.values import Audio
from tests.support.speech import FakeVoice, silent


async def said(outbox: Outbox) -> list[str]:
    """Items begun, and everything else, by name."""
    events: list[AgentEvent] = [event async for event in outbox.events()]
    short = [e.item if isinstance(e, ItemStarted) else type(e).__name__ for e in events]
    return [name for name in short if not name.startswith("Item")]


def line(item: str) -> Line:
    return Line(item, f"This is {item}.", "en", True)


async def test_events_wait_for_the_lines_before_them() -> None:
    outbox = Outbox()
    speaker = Speaker(FakeVoice(), outbox)
    speaker.give(line("a"), CallerUnderstood("yes"), line("b"))
    events = outbox.events()
    taken = [await anext(events) for _ in range(9)]
    await speaker.close()
    kinds = [type(event).__name__ for event in taken]
    item = ["ItemStarted", "ItemText", "ItemAudio", "ItemFinished"]
    assert kinds == [*item, "CallerUnderstood", *item]
    assert [event.item for event in taken if isinstance(event, ItemStarted)] == ["a", "b"]
    assert await said(outbox) == []


async def test_a_dropped_line_is_not_even_voiced_but_events_between_remain() -> None:
    voice, outbox = FakeVoice(), Outbox()
    speaker = Speaker(voice, outbox)
    speaker.give(line("a"), CallerUnderstood("yes"), line("b"))
    speaker.drop(["a", "b"])
    events = outbox.events()
    assert await anext(events) == CallerUnderstood("yes")
    await speaker.close()
    assert voice.said == []


async def test_a_slow_voice_is_stopped_when_its_line_is_dropped() -> None:
    voice, outbox = FakeVoice(), Outbox()
    voice.breath.clear()
    speaker = Speaker(voice, outbox)
    speaker.give(line("a"), line("b"))
    events = outbox.events()
    assert await anext(events) == ItemStarted("a")
    speaker.drop(["a"])
    voice.breath.set()
    while not isinstance(event := await anext(events), ItemAudio):
        pass
    assert event.item == "b"
    await speaker.close()


async def test_a_failing_voice_ends_everything() -> None:
    outbox = Outbox()
    speaker = Speaker(FakeVoice(failure=AgentError("gone")), outbox)
    speaker.give(line("a"), line("b"))
    events = [event async for event in outbox.events()]
    assert events[-1] == SessionFailed("the voice failed: gone", retryable=False)
    assert [event.item for event in events if isinstance(event, ItemStarted)] == ["a"]
    await speaker.close()


async def test_a_bug_in_the_voice_is_not_hidden() -> None:
    class Broken(FakeVoice):
        async def speak(self, text: str, language: str = "en") -> AsyncIterator[Audio]:
            yield Audio(silent(0.02)[0].samples, 1 // len(self.said))

    outbox = Outbox()
    speaker = Speaker(Broken(), outbox)
    speaker.give(line("a"))
    assert await said(outbox) == ["a"]
    with pytest.raises(ZeroDivisionError):
        await speaker.close()
