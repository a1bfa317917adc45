"""What a flow is: steps by name, and the sentences that belong to no step. Values only.

A step says or asks something, or decides; it names the step that follows. `Ask` is the only step
that waits for the caller; `HandOver` and `HangUp` are the only ones that end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SLOT = re.compile(r"\{([^{}]*)\}")
"`{name}` in a text stands for the slot's or variable's value."

GIVEN = frozenset({"caller", "called"})
"Variables that every call brings."

SPOKEN_KEYS = {"*": "star", "#": "hash"}


def normalised(phrase: str) -> str:
    """How phrases are compared: lower case, single blanks."""
    return " ".join(phrase.lower().split())


@dataclass(frozen=True)
class Choice:
    """One answer to a question."""

    name: str
    then: str
    digits: str
    "The keys that choose it; every choice has some, so that keys can always be offered."
    phrases: tuple[str, ...] = ()
    label: str = ""
    "What it is called when keys are offered: For <label>, press 1."


@dataclass(frozen=True)
class Digits:
    """A number entered by keys."""

    minimum: int
    maximum: int
    terminator: str = "#"
    "Ends an entry before `maximum`; '' when there is none."
    timeout: float = 3.0
    "Seconds after a key without another: the entry is over."


@dataclass(frozen=True)
class Say:
    text: str
    then: str
    interruptible: bool = True
    "False for notices that must be heard to their end."


@dataclass(frozen=True)
class Ask:
    """A question, and a wait for its answer: one of the choices, or a number."""

    text: str
    again: str
    "How it is asked once it was heard; the whole text when the flow names none."
    choices: tuple[Choice, ...] = ()
    digits: Digits | None = None
    slot: str = ""
    "Where the choice's name or the number is remembered; '' for nowhere."
    then: str = ""
    "What follows a number."
    patience: float = 0.6
    "Seconds of silence that end the caller's answer."
    no_input: float = 6.0
    "Seconds of silence after the question before it is asked again."
    confirms: bool = False
    "A yes or no about the answer before (the first choice is yes)."
    always: bool = False
    "Confirm what was keyed, too; else a key is its own confirmation and yes is taken."


@dataclass(frozen=True)
class Branch:
    slot: str
    cases: Mapping[str, str]
    "Step by value."
    otherwise: str


@dataclass(frozen=True)
class Remember:
    values: Mapping[str, str]
    "Text by slot."
    then: str


@dataclass(frozen=True)
class LookUp:
    key: str
    "A text; its value is looked up in the table."
    table: str
    into: str
    "The slot that gets the value found."
    then: str
    missing: str
    "The step that follows when the table has no such key."


@dataclass(frozen=True)
class HandOver:
    """The end: the caller goes to a named destination."""

    destination: str
    text: str = ""


@dataclass(frozen=True)
class HangUp:
    """The end: a farewell, and the call is over."""

    text: str


Step = Say | Ask | Branch | Remember | LookUp | HandOver | HangUp


@dataclass(frozen=True)
class Phrasing:
    """The sentences that belong to no step. All can be set in the flow."""

    not_understood: str = "Sorry, I did not understand."
    offer: str = "For {label}, press {keys}."
    "Said for every choice after two misunderstandings."
    use_keys: str = "Please use the keys of your phone."
    speech_lost: str = "I can not hear you well. Please use the keys of your phone."
    give_up: str = "I am sorry. Please hold the line."
    yes: tuple[str, ...] = ("yes", "yes please", "yeah", "correct")
    no: tuple[str, ...] = ("no", "no thank you")
    greetings: tuple[str, ...] = ("hello", "good morning", "good afternoon")
    "Listened for in menus: they answer nothing and are no misunderstanding."


@dataclass(frozen=True)
class Flow:
    """A conversation as data, found sound by `load`."""

    source: str
    "The file it was read from."
    steps: Mapping[str, Step]
    start: str
    resume: str
    "Where a session begins that goes on with a conversation."
    give_up: str
    "The destination of callers whom we do not understand, not even by keys."
    phrasing: Phrasing = field(default_factory=Phrasing)
    variables: Mapping[str, str] = field(default_factory=dict)
    "What a call may bring besides caller and called, with the value if it does not."
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def successors(step: Step) -> tuple[str, ...]:
    """The names of all steps that can follow."""
    match step:
        case Say() | Remember():
            return (step.then,)
        case LookUp():
            return (step.then, step.missing)
        case Branch():
            return (*step.cases.values(), step.otherwise)
        case Ask():
            return (*(choice.then for choice in step.choices), *([step.then] * bool(step.digits)))
        case HandOver() | HangUp():
            return ()


def sentences(step: Step) -> tuple[str, ...]:
    """Every text that the step may say."""
    match step:
        case Ask():
            return (step.text, step.again)
        case Say() | HangUp():
            return (step.text,)
        case HandOver(text=text) if text:
            return (text,)
        case _:
            return ()


def offer(ask: Ask, phrasing: Phrasing) -> str:
    """The question's choices as keys: For sales, press 1. For support, press 2."""
    if not ask.choices:
        return phrasing.use_keys
    return " ".join(
        phrasing.offer.replace("{label}", choice.label).replace("{keys}", spoken(choice.digits))
        for choice in ask.choices
    )


def spoken(keys: str) -> str:
    """Keys one by one, as a voice should read them."""
    return " ".join(SPOKEN_KEYS.get(key, key) for key in keys)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text with every `{name}` replaced by its value; by nothing when it has none."""
    return SLOT.sub(lambda found: values.get(found.group(1), ""), text)


def flow_texts(flow: Flow) -> tuple[str, ...]:
    """All texts that are always the same, as they are given to the voice; each once."""
    asks = [step for step in flow.steps.values() if isinstance(step, Ask)]
    phrasing = flow.phrasing
    texts = [text for step in flow.steps.values() for text in sentences(step)]
    texts += [phrasing.not_understood, phrasing.use_keys, phrasing.speech_lost, phrasing.give_up]
    texts += [offer(ask, phrasing) for ask in asks]
    return tuple(dict.fromkeys(text for text in texts if not SLOT.search(text)))


def phrases(ask: Ask, phrasing: Phrasing) -> tuple[str, ...]:
    """What the recogniser is to listen for during a question; () when only keys answer it."""
    spoken_answers = [phrase for choice in ask.choices for phrase in choice.phrases]
    is_menu = bool(spoken_answers) and not ask.confirms  # beside "no", a "hello" is heard too often
    return tuple(dict.fromkeys([*spoken_answers, *(phrasing.greetings * is_menu)]))


def flow_phrases(flow: Flow) -> tuple[str, ...]:
    """Everything that the recogniser may be asked to hear, each phrase once."""
    asks = [step for step in flow.steps.values() if isinstance(step, Ask)]
    return tuple(dict.fromkeys(p for ask in asks for p in phrases(ask, flow.phrasing)))
