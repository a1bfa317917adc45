import pytest

from ari_app.conversation.commands import SendInterrupt, WriteUtterance
from ari_app.conversation.items import Item, Items
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.transcript import Transcript
from ari_app.conversation.values import Utterance
from ari_app.media.values import Played


@pytest.fixture
def items() -> Items:
    stream = StreamTime()
    stream.reached(0.0, 0.0)
    return Items(stream, Transcript(), stalled=3.0)


def say(items: Items, name: str, *, text: str = "one two", interruptible: bool = True) -> None:
    items.begin(Item(name, interruptible), 0.0)
    items.say(name, text)
    items.queue(name, 4.0, 0.0)
    items.finish(name)


def test_a_finished_item_is_a_line_from_its_first_word_to_its_last(items: Items) -> None:
    say(items, "a")
    assert items.play(Played("a", 0.2, "playing"), 1.2) == ()
    line = WriteUtterance(Utterance("agent", "one two", 1.0, 5.5))
    assert items.play(Played("a", 4.0, "finished"), 5.5) == (line,)  # half a second was paused
    assert not items


def test_a_cut_item_tells_the_agent_what_was_played_of_it(items: Items) -> None:
    say(items, "a")
    items.play(Played("a", 1.0, "playing"), 1.0)
    assert [item.item for item in items.cut(2.4)] == ["a"]
    assert not items
    line = WriteUtterance(Utterance("agent", "one", 0.0, 2.5, cut=True))
    assert items.play(Played("a", 2.4, "cut"), 2.5) == (line, SendInterrupt("a", 2.4))
    assert items.play(Played("a", 2.4, "cut"), 2.5) is None


def test_a_cut_behind_the_last_word_is_none(items: Items) -> None:
    say(items, "a")
    items.cut(4.0)
    assert items.play(Played("a", 4.0, "cut"), 4.0) == (
        WriteUtterance(Utterance("agent", "one two", 0.0, 4.0)),
    )


def test_our_own_words_are_no_business_of_the_agents(items: Items) -> None:
    items.begin(Item("bye", ours=True, text="good bye"), 0.0)
    items.queue("bye", 1.0, 0.0)
    items.cut(0.7)
    commands = items.play(Played("bye", 0.7, "cut"), 0.7)
    assert commands == (WriteUtterance(Utterance("agent", "good", 0.0, 0.7, cut=True)),)


def test_where_it_was_cut_is_waited_for_but_not_for_long(items: Items) -> None:
    say(items, "a")
    items.play(Played("a", 2.2, "playing"), 2.2)
    items.cut(2.4)
    assert items.overdue_at() == 2.65
    assert items.overdue(2.6) == ()
    assert SendInterrupt("a", 2.2) in items.overdue(2.65)
    assert items.overdue_at() == float("inf")


def test_what_may_not_be_interrupted_shields_until_it_was_played_or_stands_still(
    items: Items,
) -> None:
    say(items, "question")
    assert items.shield_until() == 0.0
    say(items, "notice", interruptible=False)
    assert items.shield_until() == 3.0
    items.play(Played("notice", 1.0, "playing"), 1.0)
    assert items.shield_until() == 4.0
    items.play(Played("notice", 4.0, "finished"), 4.0)
    assert items.shield_until() == 0.0


def test_how_much_is_left_is_known_when_the_agent_has_finished(items: Items) -> None:
    items.begin(Item("a"), 0.0)
    items.queue("a", 4.0, 0.0)
    assert items.left(0.0) == float("inf")
    items.finish("a")
    items.play(Played("a", 3.0, "playing"), 3.0)
    assert items.left(3.1) == pytest.approx(0.9)


def test_an_item_without_audio_is_over_when_it_is_finished(items: Items) -> None:
    items.begin(Item("a"), 0.0)
    assert items.finish("a")
    assert not items


def test_unknown_items_are_told_apart(items: Items) -> None:
    assert items.queue("x", 1.0, 0.0) is None
    assert not items.say("x", "text")
    assert not items.finish("x")
    assert items.play(Played("x", 1.0, "finished"), 0.0) is None
    assert items.begin(Item("x"), 0.0)
    assert not items.begin(Item("x"), 0.0)
