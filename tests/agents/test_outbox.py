"""In order, none of a dropped item, and an end."""

import asyncio

from ari_app.agents.outbox import Outbox
from ari_app.conversation.values import (
    AgentEvent,
    CallerUnderstood,
    ItemFinished,
    ItemStarted,
    ItemText,
)


async def rest(outbox: Outbox) -> list[AgentEvent]:
    outbox.close()
    return [event async for event in outbox.events()]


def item(name: str) -> list[AgentEvent]:
    return [ItemStarted(name), ItemText(name, "words"), ItemFinished(name)]


def filled(*names: str) -> Outbox:
    outbox = Outbox()
    for name in names:
        for event in item(name):
            outbox.put(event)
    return outbox


async def test_events_come_in_order_and_the_last_ones_after_the_closing() -> None:
    assert await rest(filled("a", "b")) == [*item("a"), *item("b")]


async def test_an_item_nobody_saw_is_taken_back_whole() -> None:
    outbox = filled("a", "b", "c")
    outbox.put(CallerUnderstood("yes"))
    outbox.drop(["b"])
    assert await rest(outbox) == [*item("a"), *item("c"), CallerUnderstood("yes")]


async def test_an_item_that_was_begun_is_finished_at_once_and_once() -> None:
    outbox = filled("a", "b")
    events = outbox.events()
    assert await anext(events) == ItemStarted("a")
    outbox.drop(["a", "b"])
    assert await rest(outbox) == [ItemFinished("a")]


async def test_an_item_that_is_over_is_not_finished_again() -> None:
    outbox = filled("a")
    events = outbox.events()
    for expected in item("a"):
        assert await anext(events) == expected
    outbox.drop(["a"])
    assert await rest(outbox) == []


async def test_a_waiting_consumer_gets_what_comes_and_learns_of_the_end() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(_all(outbox))
    await asyncio.sleep(0)
    outbox.put(CallerUnderstood("yes"))
    await asyncio.sleep(0)
    outbox.close()
    assert await waiting == [CallerUnderstood("yes")]


async def test_nothing_enters_a_closed_outbox() -> None:
    outbox = Outbox()
    outbox.close()
    outbox.put(CallerUnderstood("late"))
    assert await rest(outbox) == []


async def _all(outbox: Outbox) -> list[AgentEvent]:
    return [event async for event in outbox.events()]
