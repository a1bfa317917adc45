"""Whatever happens, in whatever order, a conversation stays sound."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_app.conversation import commands as ask
from ari_app.conversation.events import (
    Event,
    Held,
    ItemQueued,
    KeyPressed,
    KeysMasked,
    MediaMoved,
    Started,
    StreamReached,
    Tick,
)
from ari_app.conversation.floor import Conversation
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.values import (
    CallerUnderstood,
    EdgeKind,
    ItemFinished,
    ItemStarted,
    ItemText,
    PatienceSet,
    SessionFailed,
    ToolAsked,
)
from ari_app.media.values import Played, SpeechBegan, SpeechEnded
from tests.conversation.stage import Stage

NAMES = st.sampled_from(["a", "b", "c", "goodbye-1"])
SECONDS = st.floats(0, 5)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(SpeechBegan, SECONDS),
    st.builds(SpeechEnded, SECONDS),
    st.builds(Played, NAMES, SECONDS, st.sampled_from(["playing", "finished", "cut"])),
    st.builds(ItemStarted, NAMES, st.booleans()),
    st.builds(ItemQueued, NAMES, SECONDS),
    st.builds(ItemText, NAMES, st.text(max_size=20)),
    st.builds(ItemFinished, NAMES),
    st.builds(CallerUnderstood, st.text(max_size=9), st.sampled_from(["speech", "keys"])),
    st.builds(PatienceSet, SECONDS, st.floats(0.5, 8), st.booleans()),
    st.builds(
        ToolAsked,
        st.just("t"),
        st.sampled_from(["hand_over", "hang_up", "other"]),
        st.sampled_from([{}, {"destination": "sales"}]),
    ),
    st.builds(KeyPressed, st.sampled_from("12#"), st.floats(0.04, 1)),
    st.builds(KeysMasked, st.booleans()),
    st.builds(Held, st.booleans()),
    st.builds(StreamReached, SECONDS),
    st.just(Started()),
    st.just(MediaMoved()),
    st.just(SessionFailed("gone")),
)
STEPS = st.lists(st.tuples(st.floats(0, 2), EVENTS), max_size=40)


class Watched:
    """A conversation whose promises are checked at every step."""

    def __init__(self) -> None:
        self.floor = Conversation(FloorSettings())
        self.paused = self.held = self.over = False
        self.began = False

    def tell(self, event: Event, now: float) -> None:
        if isinstance(event, Held):
            self.held = event.held
        if isinstance(event, MediaMoved):
            self.over = False
        for command in self.floor.handle(event, now):
            self.check(command)
        due = self.floor.deadline()
        assert not self.paused or self.held or self.over or due is not None, "paused for ever"
        if isinstance(event, Tick):
            assert due is None or due > now, "a deadline that does not pass"

    def check(self, command: ask.Command) -> None:
        match command:
            case ask.PauseOutput() | ask.ResumeOutput():
                assert self.paused == isinstance(command, ask.ResumeOutput)
                self.paused = not self.paused
            case ask.HandOver() | ask.HangUp():
                assert not self.over, "let go twice"
                self.over = True
            case ask.SendEdge(edge) if edge.kind is not EdgeKind.PASSED:
                assert self.began == (edge.kind is not EdgeKind.BEGAN), "edges alternate"
                self.began = not self.began


@settings(max_examples=400, deadline=None)
@given(STEPS)
def test_any_order_of_events_is_survived(steps: list[tuple[float, Event]]) -> None:
    watched, now = Watched(), 0.0
    for wait, event in steps:
        until = now + wait
        while (due := watched.floor.deadline()) is not None and due <= until:
            now = max(now, due)
            watched.tell(Tick(), now)
        now = until
        watched.tell(event, now)


@settings(max_examples=200, deadline=None)
@given(STEPS)
@example(  # a position that leaps must not make speech of no speech
    [
        (0.0, ItemStarted("a", False)),
        (0.0, Started()),
        (0.0, SpeechBegan(0.0)),
        (0.0, StreamReached(1.0)),
    ]
)
def test_a_conversation_that_nobody_continues_comes_to_its_end(
    steps: list[tuple[float, Event]],
) -> None:
    """Silence is asked about, then said goodbye to: no state lasts for ever."""
    watched, now = Watched(), 0.0
    for event in (*(event for _, event in steps), Held(False), MediaMoved()):
        watched.tell(event, now)
    for _ in range(60):
        if watched.over:
            return
        due = watched.floor.deadline()
        assert due is not None, "hangs"
        now = max(now, due)
        watched.tell(Tick(), now)
    raise AssertionError("does not end")


def test_late_and_unknown_items_are_ignored_and_counted() -> None:
    floor = Conversation(FloorSettings())
    for event in (Played("x", 1.0, "cut"), ItemQueued("x", 1.0), ItemFinished("x"), SpeechEnded(1)):
        assert floor.handle(event, 1.0) == ()
    assert floor.ignored == 4


def test_where_an_item_was_cut_is_not_waited_for_longer_than_a_quarter_second() -> None:
    floor = Conversation(FloorSettings())
    for event in (Started(), ItemStarted("a"), ItemQueued("a", 5.0), Played("a", 1.0, "playing")):
        floor.handle(event, 1.0)
    floor.handle(KeyPressed("1", 0.1), 1.1)
    assert floor.deadline() == 1.35
    assert ask.SendInterrupt("a", 1.0) in floor.handle(Tick(), 1.35)


def test_an_item_that_was_never_queued_is_interrupted_at_once() -> None:
    floor = Conversation(FloorSettings())
    for event in (Started(), ItemStarted("a")):
        floor.handle(event, 1.0)
    assert floor.handle(KeyPressed("1", 0.1), 1.1) == (
        ask.WriteKeys("1"),
        ask.DropItem("a"),
        ask.SendInterrupt("a", 0.0),
        ask.SendKeys("1"),
    )


def test_a_reply_to_a_caller_who_goes_on_speaking_is_not_begun() -> None:
    stage = Stage()
    stage.run(
        [
            (0.0, Started()),
            (1.06, SpeechBegan(1.0)),
            (2.0, ItemStarted("late")),
            (2.0, ItemQueued("late", 3.0)),
            (3.0, SpeechEnded(2.8)),
        ],
        4.0,
    )
    assert stage.player.played.get("late", 0.0) == 0.0
    assert ask.SendInterrupt("late", 0.0) in stage.of(ask.SendInterrupt)


def test_masked_keys_reach_the_agent_but_neither_journal_nor_transcript() -> None:
    floor = Conversation(FloorSettings())
    floor.handle(Started(), 0.0)
    floor.handle(KeysMasked(True), 0.0)
    assert floor.handle(KeyPressed("7", 0.1), 1.0) == (ask.WriteKeys("•"), ask.SendKeys("7"))
    floor.handle(CallerUnderstood("7", "keys"), 1.0)
    assert [line.text for line in floor.transcript.lines] == ["•"]


def test_a_notice_that_stands_still_shields_for_three_seconds_only() -> None:
    floor = Conversation(FloorSettings())
    for event in (Started(), ItemStarted("notice", interruptible=False), KeyPressed("1", 0.1)):
        floor.handle(event, 1.0)
    assert floor.deadline() == 4.0
    assert ask.SendKeys("1") in floor.handle(Tick(), 4.0)


def test_speech_does_not_interrupt_where_the_agent_forbids_it_but_keys_do() -> None:
    stage = Stage()
    stage.run(
        [
            (0.0, PatienceSet(0.5, interruptible_by_speech=False)),
            (0.0, Started()),
            (0.0, ItemStarted("a")),
            (0.0, ItemQueued("a", 5.0)),
            (1.06, SpeechBegan(1.0)),
            (2.24, SpeechEnded(2.0)),
            (3.0, KeyPressed("1", 0.1)),
        ],
        4.0,
    )
    assert [when for when, command in stage.seen if isinstance(command, ask.FlushOutput)] == [3.0]


def test_an_agent_lost_during_its_farewell_is_only_missed_if_the_caller_goes_on() -> None:
    floor = Conversation(FloorSettings())
    for event in (
        Started(),
        ItemStarted("bye"),
        ItemQueued("bye", 2.0),
        ToolAsked("t", "hang_up", {}),
    ):
        floor.handle(event, 0.0)
    assert floor.handle(SessionFailed("ended"), 0.1) == ()
    assert ask.GiveUp("ended") in floor.handle(KeyPressed("1", 0.1), 1.0)


def test_after_the_farewell_nothing_is_begun() -> None:
    floor = Conversation(FloorSettings())
    floor.handle(Started(), 0.0)
    assert floor.handle(ToolAsked("t", "hang_up", {"reason": "done"}), 1.0) == (ask.HangUp("done"),)
    assert floor.handle(ItemStarted("more"), 1.1) == (ask.DropItem("more"),)
    assert floor.deadline() is None
