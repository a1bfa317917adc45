"""What callers hear and what is done for them, by the scenario files; no clock, no audio."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import ari_app
from ari_app.agents.flow.interpret import Interpreter
from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Say
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
from ari_app.conversation.values import CallerUnderstood, PatienceSet

TESTS = Path(__file__).parents[2]
EXAMPLE = Path(ari_app.__file__).parent / "agents/examples/front-desk.yaml"
FLOWS = {
    "front-desk": load_flow(EXAMPLE, frozenset({"sales", "support", "mailbox"})),
    "numbers": load_flow(Path(__file__).parent / "numbers.yaml", frozenset({"desk"})),
}


@dataclass
class Caller:
    """Plays rows of a scenario against a machine; keeps what followed."""

    machine: Interpreter
    now: float = 0.0
    followed: list[FlowCommand] = field(default_factory=list)

    def tell(self, *events: FlowEvent) -> list[FlowCommand]:
        self.followed = []
        for event in events:
            self.followed += self.machine.handle(event, self.now)
        return self.followed

    def play(self, row: dict[str, Any]) -> None:
        self.now = row.get("at", self.now)
        self.tell(*self._events(row))

    def _events(self, row: dict[str, Any]) -> Iterator[FlowEvent]:
        match row:
            case {"begin": _}:
                yield Begun()
            case {"said": phrase}:
                yield Heard(phrase, self.machine.question)
            case {"pressed": keys}:
                yield from map(Pressed, keys)
            case {"cut": item}:
                yield Interrupted(item)
            case {"waited": seconds}:
                self.now += seconds
                yield Tick()
            case _:
                plain: dict[str, FlowEvent] = {"passed": Passed(), "dismissed": Dismissed()}
                plain |= {"deaf": SpeechLost(), "undone": NotDone()}
                yield next(event for name, event in plain.items() if name in row)

    @property
    def says(self) -> list[str]:
        return [each.text for each in self.followed if isinstance(each, Speak)]

    @property
    def heard(self) -> str:
        return ", ".join(c.text for c in self.followed if isinstance(c, CallerUnderstood))

    @property
    def does(self) -> str:
        acts = [each for each in self.followed if isinstance(each, Act)]
        return " ".join(described(act) for act in acts)


def described(act: Act) -> str:
    reason = f"({act.arguments['reason']})" if "reason" in act.arguments else ""
    return " ".join(filter(None, (act.name, act.arguments.get("destination"), reason)))


def scenarios() -> Iterator[Any]:
    for name in FLOWS:
        for scenario in yaml.safe_load((TESTS / f"scenarios/flow/{name}.yaml").read_text()):
            yield pytest.param(name, scenario, id=f"{name}: {scenario['name']}")


@pytest.mark.parametrize(("flow", "scenario"), list(scenarios()))
def test_scenario(flow: str, scenario: dict[str, Any]) -> None:
    variables = scenario.get("variables", {})
    resuming = scenario.get("resuming", False)
    caller = Caller(Interpreter(FLOWS[flow], variables, resuming=resuming))
    for number, row in enumerate(scenario["rows"], 1):
        caller.play(row)
        if "begin" not in row or "says" in row:
            expected = (row.get("says", []), row.get("does", ""), row.get("heard", ""))
            assert (caller.says, caller.does, caller.heard) == expected, f"row {number}"


def begun(flow: str = "front-desk", **variables: str) -> Caller:
    caller = Caller(Interpreter(FLOWS[flow], variables))
    caller.tell(Begun())
    return caller


def test_the_notice_cannot_be_interrupted_and_all_else_can() -> None:
    spoken = [each for each in begun().followed if isinstance(each, Speak)]
    assert [each.interruptible for each in spoken] == [False, True]


def test_patience_is_set_before_each_question() -> None:
    followed = begun().followed
    patience = PatienceSet(end_of_turn=0.6, no_input=6.0, interruptible_by_speech=True)
    assert followed.index(patience) == len(followed) - 2
    assert begun("numbers").followed[0] == PatienceSet(1.5, 6.0, interruptible_by_speech=False)


def test_speech_does_not_interrupt_once_nobody_recognises_it() -> None:
    caller = begun()
    caller.tell(SpeechLost())
    assert PatienceSet(0.6, 6.0, interruptible_by_speech=False) in caller.followed
    assert caller.machine.phrases == ()


def test_a_question_listens_for_its_own_phrases_and_greetings() -> None:
    caller = begun()
    assert {"sales", "leave a message", "hello"} <= set(caller.machine.phrases)
    caller.tell(Heard("sales", caller.machine.question))
    assert {"yes", "no"} <= set(caller.machine.phrases)
    assert not {"sales", "hello"} & set(caller.machine.phrases)


def test_what_was_heard_for_an_earlier_question_answers_nothing() -> None:
    caller = begun()
    earlier = caller.machine.question
    caller.tell(Pressed("1"))
    assert caller.tell(Heard("sales", earlier)) == []


def test_an_answer_drops_what_was_still_to_be_said_but_not_the_notice() -> None:
    assert Drop((2,)) in begun().tell(Pressed("3"))


def test_a_cut_drops_what_was_to_follow_but_not_a_notice() -> None:
    caller = begun(open="no")
    assert caller.tell(Interrupted(2)) == [Drop((2, 3))]
    flow = FLOWS["front-desk"]
    flow = replace(flow, steps={**flow.steps, "back": Say("Where were we?", then="notice")})
    caller = Caller(Interpreter(flow, {}, resuming=True))
    caller.tell(Begun())
    assert caller.tell(Interrupted(1)) == [Drop((1, 3))]


def test_a_deadline_only_while_keys_are_waited_for() -> None:
    caller = begun("numbers")
    assert caller.machine.deadline() is None
    caller.now = 7.0
    caller.tell(Pressed("1"))
    assert caller.machine.deadline() == 10.0
    caller.tell(*map(Pressed, "234"))
    assert caller.machine.deadline() is None


EVENTS = st.one_of(
    st.sampled_from([Passed(), Dismissed(), NotDone(), SpeechLost(), Tick()]),
    st.sampled_from("0123456789*#").map(Pressed),
    st.integers(1, 60).map(Interrupted),
    st.sampled_from(["sales", "opening hours", "yes", "no", "hello", "goodbye", ""]).map(
        lambda phrase: (phrase,)
    ),
)


@pytest.mark.parametrize("flow", FLOWS)
@given(walk=st.lists(st.tuples(EVENTS, st.floats(0, 4)), max_size=40))
def test_whatever_callers_do_the_machine_ends_or_waits_for_them(flow: str, walk: Any) -> None:
    caller = begun(flow)
    ended = False
    for event, seconds in walk:
        caller.now += seconds
        speech = isinstance(event, tuple)
        caller.tell(Heard(event[0], caller.machine.question) if speech else event)
        ended = bool(caller.does) or (ended and not isinstance(event, NotDone))
        assert len(caller.followed) <= 10
        if ended:
            assert caller.machine.deadline() is None
            assert caller.machine.phrases == ()
        else:
            assert not isinstance(event, Passed) or caller.says
