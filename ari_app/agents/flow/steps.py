"""Reads the steps of a flow: each from its section, names looked up while the line is known."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ari_app.agents.flow.model import (
    SLOT,
    Ask,
    Branch,
    Choice,
    Digits,
    HandOver,
    HangUp,
    LookUp,
    Phrasing,
    Remember,
    Say,
    Step,
    normalised,
)
from ari_app.agents.flow.source import Section

KEYS = re.compile(r"[0-9*#]+")
PATIENCE = (0.5, 3.0)
"Seconds; shorter cuts callers off, longer feels dead."
MENU_PATIENCE = 0.6
ENTRY_PATIENCE = 1.5


@dataclass(frozen=True)
class Names:
    """What a flow may refer to."""

    steps: tuple[str, ...]
    destinations: frozenset[str]
    tables: tuple[str, ...]


class Steps:
    """Reads all steps; collects what they remember and what their texts need."""

    def __init__(self, names: Names, phrasing: Phrasing, given: Iterable[str]) -> None:
        self.phrasing = phrasing
        self._names = names
        self._slots = set(given)
        self._uses: list[tuple[Section, str, str]] = []
        "Where (section, key) which slot is used."

    def read(self, section: Section) -> dict[str, Step]:
        steps = {name: self._step(section.section(name)) for name in section.names()}
        return {name: step for name, step in steps.items() if step is not None}

    def check_slots(self) -> None:
        """Call it last: refuses every use of a slot that nothing fills."""
        expected = f"a variable or slot ({', '.join(sorted(self._slots))})"
        for section, key, slot in self._uses:
            if slot not in self._slots:
                section.wrong(key, slot, expected)

    # Names.

    def step(self, section: Section, key: str, default: str | None = None) -> str:
        return self._known(section, key, self._names.steps, "a step", default)

    def destination(self, section: Section, key: str) -> str:
        return self._known(section, key, sorted(self._names.destinations), "a destination")

    def _known(
        self,
        section: Section,
        key: str,
        names: Iterable[str],
        what: str,
        default: str | None = None,
    ) -> str:
        expected = f"{what} ({', '.join(names) or 'none is there'})"
        value = section.text(key, default, expected)
        if value and value not in names:
            section.wrong(key, value, expected)
        return value

    def _say(self, section: Section, key: str, default: str | None = None) -> str:
        """A text to be said."""
        text = section.text(key, default)
        self._uses.extend((section, key, slot) for slot in SLOT.findall(text))
        return text

    def _fill(self, section: Section, key: str) -> str:
        """The name of a slot that this step fills; '' for none."""
        slot = section.text(key, "")
        self._slots.update([slot] * bool(slot))
        return slot

    # Steps.

    def _step(self, section: Section) -> Step | None:
        readers = {
            "ask": self._ask,
            "confirm": self._confirm,
            "branch": self._branch,
            "remember": self._remember,
            "look_up": self._look_up,
            "hand_over": self._hand_over,
            "hang_up": self._hang_up,
            "say": self._notice,
        }
        for verb, reader in readers.items():
            if section.has(verb):
                step = reader(section)
                section.close()
                return step
        said = f"is no step, expected one of: {', '.join(readers)}"
        section.problems.add(str(section.file), section.line, section.key, said)
        return None

    def _notice(self, section: Section) -> Step:
        return Say(
            text=self._say(section, "say"),
            then=self.step(section, "then"),
            interruptible=section.flag("interruptible", True),
        )

    def _ask(self, section: Section) -> Step:
        text = self._say(section, "ask")
        choices = tuple(self._choices(section))
        digits = self._digits(section)
        if bool(choices) == (digits is not None):
            section.complain("ask", "expected either choices or digits")
        self._no_ambiguity(section, choices)
        return Ask(
            text=text,
            again=self._say(section, "again", text),
            choices=choices,
            digits=digits,
            slot=self._fill(section, "slot"),
            then=self.step(section, "then") if digits else "",
            patience=self._patience(section, ENTRY_PATIENCE if digits else MENU_PATIENCE),
            no_input=section.number("no_input", 6.0, 2.0, 60.0),
        )

    def _patience(self, section: Section, default: float) -> float:
        return section.number("patience", default, *PATIENCE)

    def _choices(self, section: Section) -> Iterator[Choice]:
        choices = section.section("choices")
        return (self._choice(name, choices.section(name)) for name in choices.names())

    def _choice(self, name: str, section: Section) -> Choice:
        digits = section.text("digits", expected="keys, so that they can be offered")
        if digits and not KEYS.fullmatch(digits):
            section.wrong("digits", digits, "keys out of 0-9 * #")
        phrases = section.texts("phrases")
        for phrase in phrases:
            if not phrase.replace(" ", "").replace("'", "").isalpha():
                section.wrong("phrases", phrase, "words without digits and signs")
        choice = Choice(
            name=name,
            then=self.step(section, "then"),
            digits=digits,
            phrases=phrases,
            label=section.text("label", name.replace("_", " ")),
        )
        section.close()
        return choice

    def _no_ambiguity(self, section: Section, choices: tuple[Choice, ...]) -> None:
        """Two choices must not begin with the same keys or sound the same."""
        heard = {normalised(phrase): "the greetings" for phrase in self.phrasing.greetings}
        for index, choice in enumerate(choices):
            for phrase in map(normalised, choice.phrases):
                if phrase in heard:
                    said = f"{phrase!r} is a phrase of {heard[phrase]} and of {choice.name}"
                    section.complain("choices", f"{said}, expected it once")
                heard[phrase] = choice.name
            for other in choices[:index]:
                if _prefixed(choice.digits, other.digits):
                    keys = f"{other.name} ({other.digits}) and {choice.name} ({choice.digits})"
                    section.complain("choices", f"{keys} begin alike, expected different keys")

    def _digits(self, section: Section) -> Digits | None:
        if not section.has("digits"):
            return None
        digits = section.section("digits")
        if digits.has("length"):
            minimum = maximum = digits.count("length", 1, 1, 40)
        else:
            minimum = digits.count("min", 1, 1, 40)
            maximum = digits.count("max", max(20, minimum), minimum, 40)
        terminator = digits.text("terminator", "#")
        if terminator not in ("#", "*", ""):
            digits.wrong("terminator", terminator, "'#', '*' or ''")
        timeout = digits.number("timeout", 3.0, 1.0, 20.0)
        digits.close()
        return Digits(minimum, maximum, terminator, timeout)

    def _confirm(self, section: Section) -> Step:
        text = self._say(section, "confirm")
        phrasing = self.phrasing
        return Ask(
            text=text,
            again=self._say(section, "again", text),
            choices=(
                Choice("yes", self.step(section, "yes"), "1", phrasing.yes, "yes"),
                Choice("no", self.step(section, "no"), "2", phrasing.no, "no"),
            ),
            slot=self._fill(section, "slot"),
            patience=self._patience(section, MENU_PATIENCE),
            no_input=section.number("no_input", 6.0, 2.0, 60.0),
            confirms=True,
            always=section.flag("always", False),
        )

    def _branch(self, section: Section) -> Step:
        slot = section.text("branch", expected="a variable or slot")
        self._uses.append((section, "branch", slot))
        cases = section.section("cases", required=True)
        named = {value: self.step(cases, value) for value in cases.names()}
        return Branch(slot, named, self.step(section, "otherwise"))

    def _remember(self, section: Section) -> Step:
        values = section.section("remember", required=True)
        self._slots.update(values.names())
        texts = {slot: self._say(values, slot) for slot in values.names()}
        return Remember(texts, self.step(section, "then"))

    def _look_up(self, section: Section) -> Step:
        key = section.text("look_up", expected="a text with a {slot}")
        self._uses.extend((section, "look_up", slot) for slot in SLOT.findall(key))
        return LookUp(
            key=key,
            table=self._known(section, "table", self._names.tables, "a table"),
            into=self._fill(section, "into") or section.text("into", expected="a slot"),
            then=self.step(section, "then"),
            missing=self.step(section, "missing"),
        )

    def _hand_over(self, section: Section) -> Step:
        return HandOver(self.destination(section, "hand_over"), self._say(section, "say", ""))

    def _hang_up(self, section: Section) -> Step:
        return HangUp(self._say(section, "hang_up"))


def _prefixed(one: str, other: str) -> bool:
    return bool(one and other) and (one.startswith(other) or other.startswith(one))
