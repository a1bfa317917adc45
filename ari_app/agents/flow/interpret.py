"""Walks a flow: what is said, asked and done next? A pure machine that is told what the caller
said or pressed, and when. It waits for nothing; whatever it wants is in what `handle` returns.
"""

from collections.abc import Mapping
from typing import Literal

from ari_app.agents.flow.keypad import Keypad, Meaning, Number, Wrong
from ari_app.agents.flow.model import (
    Ask,
    Branch,
    Choice,
    Flow,
    HandOver,
    HangUp,
    LookUp,
    Remember,
    Say,
    normalised,
    offer,
    phrases,
    substituted,
)
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

OFFER_KEYS_AFTER = 2
"Misunderstandings of one question before its keys are offered; one more and we give up."

By = Literal["speech", "keys"]


class Interpreter:
    """One caller's way through a flow.

    Give it `Begun` first. After its `Act` it has nothing more to say.
    """

    def __init__(
        self,
        flow: Flow,
        variables: Mapping[str, str],
        *,
        resuming: bool = False,
        keys_only: bool = False,
    ) -> None:
        self._flow = flow
        self._begin = flow.resume if resuming else flow.start
        self._slots = {**flow.variables, **variables}
        self._out: list[FlowCommand] = []
        self._turn: list[Speak] = []
        "What was said last, one after the other."
        self._items = 0
        self._name = ""
        self._ask: Ask | None = None
        self._posed: set[str] = set()
        "Questions that were heard whole."
        self._asked_by = 0
        "The item that asked the open question."
        self._cut = False
        "Something that we were saying was cut, and nothing was said since."
        self._missed = False
        "The caller spoke while nothing was asked."
        self._failures = 0
        self._before = ("", 0)
        "The question answered last and its failures, in case the caller denies the answer."
        self._denied = ("", 0)
        self._by: By | None = None
        "How the last question was answered."
        self._keypad = Keypad()
        self._keys_only = keys_only
        self.question = 0
        "Number of the open question; another one after every answer."

    def handle(self, event: FlowEvent, now: float) -> tuple[FlowCommand, ...]:
        """What follows from the event. `now` is monotonic seconds."""
        self._out = []
        match event:
            case Begun():
                self._run(self._begin)
            case Interrupted(item):
                self._interrupted(item)
            case NotDone():
                self._go_on()
            case _ if self._ask is not None:
                self._answered(event, self._ask, now)
            case _:
                self._missed = self._missed or isinstance(event, Heard)
        spoken = [command for command in self._out if isinstance(command, Speak)]
        if spoken:
            self._turn, self._cut = spoken, False
        return tuple(self._out)

    def deadline(self) -> float | None:
        """When a Tick is wanted, in the time of `now`."""
        return self._keypad.due

    @property
    def phrases(self) -> tuple[str, ...]:
        """What the open question listens for; () when speech cannot answer."""
        if self._ask is None or self._keys_only:
            return ()
        return phrases(self._ask, self._flow.phrasing)

    def _answered(self, event: FlowEvent, ask: Ask, now: float) -> None:
        match event:
            case Heard(phrase, question) if question == self.question:
                self._keypad.clear()
                self._heard(ask, normalised(phrase))
            case Pressed(digit):
                self._keyed(ask, self._keypad.press(ask, digit, now))
            case Passed():
                self._keypad.clear()
                self._pose(ask)
            case Dismissed() if self._cut and not self._keypad:
                self._pose(ask)
            case SpeechLost():
                self._keys_only = True
                self._speak(self._flow.phrasing.speech_lost)
                self._pose(ask)
            case Tick() if self._keypad.due is not None and now >= self._keypad.due:
                self._keyed(ask, self._keypad.pause(ask))
            case _:
                pass

    # What the caller did.

    def _heard(self, ask: Ask, phrase: str) -> None:
        for choice in ask.choices:
            if phrase in map(normalised, choice.phrases):
                self._choose(ask, choice, phrase, "speech")
                return
        if phrase in self._flow.phrasing.greetings:
            self._pose(ask)
        else:
            self._misunderstood(ask)

    def _keyed(self, ask: Ask, meaning: Meaning) -> None:
        match meaning:
            case Choice():
                self._choose(ask, meaning, meaning.digits, "keys")
            case Number(digits):
                self._take(ask, digits, "keys", digits)
                self._run(ask.then)
            case Wrong():
                self._misunderstood(ask)
            case None:
                pass

    def _interrupted(self, item: int) -> None:
        swept = [s.item for s in self._turn if s.item > item and s.interruptible]
        is_news = any(speak.item == item for speak in self._turn)
        self._out.append(Drop((item, *swept) if is_news else (item,)))
        if is_news:
            self._cut = True
            self._turn = [s for s in self._turn if s.item != item and s.item not in swept]
            if item <= self._asked_by:
                self._posed.discard(self._name)

    # What follows from it.

    def _choose(self, ask: Ask, choice: Choice, text: str, by: By) -> None:
        if ask.confirms and choice is not ask.choices[0]:
            self._denied = (self._before[0], self._before[1] + 1)
        self._take(ask, text, by, choice.name)
        self._run(choice.then)

    def _take(self, ask: Ask, text: str, by: By, value: str) -> None:
        """The question is answered: nothing that was still to be said before matters now."""
        if ask.slot:
            self._slots[ask.slot] = value
        unsaid = tuple(speak.item for speak in self._turn if speak.interruptible)
        if unsaid:
            self._out.append(Drop(unsaid))
        self._out.append(CallerUnderstood(text, by))
        if not ask.confirms:
            self._before = (self._name, self._failures)
        self._by = by
        self._close()

    def _misunderstood(self, ask: Ask) -> None:
        self._keypad.clear()
        self._failures += 1
        if self._failures > OFFER_KEYS_AFTER:
            self._give_up()
        else:
            self._speak(self._flow.phrasing.not_understood)
            self._pose(ask)

    def _give_up(self) -> None:
        self._close()
        self._speak(self._flow.phrasing.give_up)
        arguments = {"destination": self._flow.give_up, "reason": "not understood"}
        self._out.append(Act("hand_over", arguments))

    def _go_on(self) -> None:
        """The last question is open again. It waits for what the caller is saying now, or is
        asked if that was over already."""
        step = self._flow.steps.get(self._name)
        if self._ask is None and isinstance(step, Ask):
            self._ask, self._cut, self._failures = step, True, 0
            if self._missed:
                self._pose(step)

    def _close(self) -> None:
        """No question is open."""
        self._keypad.clear()
        self._ask, self._missed = None, False
        self.question += 1

    # Walking.

    def _run(self, name: str) -> None:
        """Walk from this step to the next that waits or ends; `load` saw that there is one."""
        following: str | None = name
        while following is not None:
            following = self._step(following)

    def _step(self, name: str) -> str | None:
        """Take one step; the name of the next, None when there is nothing to walk to now."""
        following = None
        match step := self._flow.steps[name]:
            case Say():
                self._speak(step.text, step.interruptible)
                following = step.then
            case Branch():
                following = step.cases.get(self._slots.get(step.slot, ""), step.otherwise)
            case Remember():
                self._slots.update({slot: self._filled(v) for slot, v in step.values.items()})
                following = step.then
            case LookUp():
                following = self._look_up(step)
            case Ask(confirms=True, always=False) if self._by == "keys":
                following = step.choices[0].then
            case Ask():
                self._open(name, step)
            case HandOver():
                if step.text:
                    self._speak(step.text)
                self._out.append(Act("hand_over", {"destination": step.destination}))
            case HangUp():
                self._speak(step.text)
                self._out.append(Act("hang_up", {}))
        return following

    def _look_up(self, step: LookUp) -> str:
        found = self._flow.tables[step.table].get(self._filled(step.key))
        if found is None:
            return step.missing
        self._slots[step.into] = found
        return step.then

    def _open(self, name: str, ask: Ask) -> None:
        self._name, self._ask = name, ask
        denied, self._denied = self._denied, ("", 0)
        self._failures = denied[1] if denied[0] == name else 0
        if self._failures > OFFER_KEYS_AFTER:
            self._give_up()
        else:
            self._pose(ask)

    def _pose(self, ask: Ask) -> None:
        """Ask the open question, in the form that fits what happened before."""
        by_speech = bool(self.phrases)
        self._out.append(PatienceSet(ask.patience, ask.no_input, by_speech))
        keys_needed = self._keys_only or self._failures >= OFFER_KEYS_AFTER
        if ask.digits is not None and self._failures >= OFFER_KEYS_AFTER:
            self._speak(self._flow.phrasing.use_keys)
        is_menu = bool(ask.choices) and not ask.confirms
        if not (keys_needed and is_menu):
            self._speak(ask.again if self._name in self._posed else ask.text)
        if keys_needed and ask.choices:
            self._speak(offer(ask, self._flow.phrasing))
        self._posed.add(self._name)
        self._asked_by = self._items

    def _speak(self, text: str, interruptible: bool = True) -> None:
        self._items += 1
        self._out.append(Speak(self._items, self._filled(text), interruptible))

    def _filled(self, text: str) -> str:
        return substituted(text, self._slots)
