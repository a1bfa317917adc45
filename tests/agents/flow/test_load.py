"""What is refused at start, and in which words."""

from pathlib import Path

import pytest

import ari_app
from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Ask, Flow, flow_phrases, flow_texts
from ari_app.errors import ConfigError

EXAMPLE = Path(ari_app.__file__).parent / "agents/examples/front-desk.yaml"
DESK = frozenset({"desk"})


def loaded(folder: Path, text: str) -> Flow:
    file = folder / "flow.yaml"
    file.write_text(text)
    return load_flow(file, DESK)


def complaints(folder: Path, text: str) -> list[str]:
    """All lines of the refusal, without the folder."""
    with pytest.raises(ConfigError) as refusal:
        loaded(folder, text)
    return str(refusal.value).replace(f"{folder}/", "").splitlines()


SOUND = """\
give_up: desk
steps:
  start:
    ask: How can I help?
    choices:
      desk: {phrases: [the desk], digits: "1", then: sure}
      bye: {phrases: [goodbye], digits: "2", then: bye}
  sure:
    confirm: You want the desk?
    yes: desk
    no: start
  desk:
    hand_over: desk
  bye:
    hang_up: Goodbye.
"""


def changed(*changes: tuple[str, str]) -> str:
    text = SOUND
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_a_sound_flow_starts_with_its_first_step(tmp_path: Path) -> None:
    flow = loaded(tmp_path, SOUND)
    assert (flow.start, flow.resume, flow.give_up) == ("start", "start", "desk")
    assert isinstance(flow.steps["sure"], Ask)


CASES = {
    "unknown key": (
        [("give_up: desk", "give_up: desk\ngivup: desk")],
        [
            "flow.yaml:2: givup: is unknown, expected one of: "
            "steps, variables, tables, phrasing, start, resume, give_up"
        ],
    ),
    "missing key": (
        [("give_up: desk\n", "")],
        ["flow.yaml:1: give_up: is missing, expected a destination (desk)"],
    ),
    "unknown step": (
        [("then: bye", "then: by")],
        [
            "flow.yaml:7: steps.start.choices.bye.then: 'by', "
            "expected a step (start, sure, desk, bye)"
        ],
    ),
    "unknown destination": (
        [("hand_over: desk", "hand_over: desc")],
        ["flow.yaml:13: steps.desk.hand_over: 'desc', expected a destination (desk)"],
    ),
    "unknown slot": (
        [("Goodbye.", "Goodbye, {name}.")],
        ["flow.yaml:15: steps.bye.hang_up: 'name', expected a variable or slot (called, caller)"],
    ),
    "duplicate step": (
        [("  bye:\n    hang_up", "  sure:\n    hang_up")],
        [
            "flow.yaml:7: steps.start.choices.bye.then: 'bye', expected a step (start, sure, desk)",
            "flow.yaml:14: steps.sure: is there twice, expected once (first in line 8)",
        ],
    ),
    "no step": (
        [("    hang_up: Goodbye.", "    sing: Goodbye.")],
        [
            "flow.yaml:15: steps.bye: is no step, expected one of: "
            "ask, confirm, branch, remember, look_up, hand_over, hang_up, say"
        ],
    ),
    "a text instead of a mapping": (
        [("    hang_up: Goodbye.", "    Goodbye.")],
        [
            "flow.yaml:14: steps.bye: is a text, expected a mapping",
            "flow.yaml:15: steps.bye: is no step, expected one of: "
            "ask, confirm, branch, remember, look_up, hand_over, hang_up, say",
        ],
    ),
    "ambiguous phrase": (
        [("[goodbye]", "[goodbye, The  Desk]")],
        [
            "flow.yaml:5: steps.start.choices: 'the desk' is a phrase of desk and of bye, "
            "expected it once"
        ],
    ),
    "a greeting as phrase": (
        [("[goodbye]", "[hello]")],
        [
            "flow.yaml:5: steps.start.choices: 'hello' is a phrase of the greetings and of bye, "
            "expected it once"
        ],
    ),
    "ambiguous keys": (
        [('digits: "2"', 'digits: "12"')],
        [
            "flow.yaml:5: steps.start.choices: desk (1) and bye (12) begin alike, "
            "expected different keys"
        ],
    ),
    "a choice without keys": (
        [(', digits: "2"', "")],
        [
            "flow.yaml:7: steps.start.choices.bye.digits: is missing, "
            "expected keys, so that they can be offered"
        ],
    ),
    "keys that no phone has": (
        [('digits: "2"', "digits: b")],
        ["flow.yaml:7: steps.start.choices.bye.digits: 'b', expected keys out of 0-9 * #"],
    ),
    "a phrase that cannot be heard": (
        [("[goodbye]", "[line 1]")],
        [
            "flow.yaml:7: steps.start.choices.bye.phrases: 'line 1', "
            "expected words without digits and signs"
        ],
    ),
    "impatient": (
        [("How can I help?", "How can I help?\n    patience: 0.1")],
        ["flow.yaml:5: steps.start.patience: '0.1', expected a number from 0.5 to 3"],
    ),
    "half a truth": (
        [("    no: start", "    no: start\n    always: yes")],
        ["flow.yaml:12: steps.sure.always: 'yes', expected true or false"],
    ),
    "choices and digits": (
        [("How can I help?", "How can I help?\n    digits: {length: 3}\n    then: bye")],
        ["flow.yaml:4: steps.start.ask: expected either choices or digits"],
    ),
    "number too long": (
        [("ask: How can I help?", "ask: x\n    digits: {length: many, terminator: 9}")],
        [
            "flow.yaml:4: steps.start.ask: expected either choices or digits",
            "flow.yaml:4: steps.start.then: is missing, expected a step (start, sure, desk, bye)",
            "flow.yaml:5: steps.start.digits.length: 'many', expected a whole number from 1 to 40",
            "flow.yaml:5: steps.start.digits.terminator: '9', expected '#', '*' or ''",
        ],
    ),
    "unreachable": (
        [("then: bye", "then: start")],
        ["flow.yaml:14: steps.bye: cannot be reached, expected some step to lead here"],
    ),
    "unconfirmed": (
        [("then: sure", "then: desk"), ("then: bye", "then: sure"), ("yes: desk", "yes: bye")],
        [
            "flow.yaml:12: steps.desk: one spoken answer (start: desk) leads here, "
            "expected a confirm between them"
        ],
    ),
    "connected because of a no": (
        [("no: start", "no: desk")],
        [
            "flow.yaml:12: steps.desk: one spoken answer (sure: no) leads here, "
            "expected a confirm between them"
        ],
    ),
    "endless without the caller": (
        [("hang_up: Goodbye.", "say: Um.\n    then: um\n  um:\n    say: Er.\n    then: bye")],
        [
            "flow.yaml:14: steps.bye: comes back to itself (bye → um → bye), "
            "expected an ask on the way",
            "flow.yaml:14: steps.bye: leads to no end, expected a hand_over or hang_up after it",
            "flow.yaml:17: steps.um: comes back to itself (um → bye → um), "
            "expected an ask on the way",
            "flow.yaml:17: steps.um: leads to no end, expected a hand_over or hang_up after it",
        ],
    ),
    "endless for whoever presses keys": (
        [
            ("yes: desk", "yes: again"),
            (
                "  desk:\n    hand_over: desk",
                "  again:\n    branch: caller\n    cases: {x: bye}\n    otherwise: sure",
            ),
        ],
        [
            "flow.yaml:8: steps.sure: comes back to itself (sure → again → sure), "
            "expected an ask on the way",
            "flow.yaml:12: steps.again: comes back to itself (again → sure → again), "
            "expected an ask on the way",
        ],
    ),
    "never an end": (
        [("hang_up: Goodbye.", 'ask: Er?\n    choices: {er: {digits: "1", then: bye}}')],
        ["flow.yaml:14: steps.bye: leads to no end, expected a hand_over or hang_up after it"],
    ),
    "unknown table": (
        [
            (
                "hang_up: Goodbye.",
                "look_up: '{caller}'\n    table: names\n    into: name\n"
                "    then: desk\n    missing: desk",
            )
        ],
        ["flow.yaml:16: steps.bye.table: 'names', expected a table (none is there)"],
    ),
    "several at once": (
        [("then: bye", "then: by"), ("Goodbye.", "'{what}'"), ("give_up: desk", "give_up: nobody")],
        [
            "flow.yaml:1: give_up: 'nobody', expected a destination (desk)",
            "flow.yaml:7: steps.start.choices.bye.then: 'by', "
            "expected a step (start, sure, desk, bye)",
            "flow.yaml:15: steps.bye.hang_up: 'what', expected a variable or slot (called, caller)",
        ],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES)
def test_refused(changes: list[tuple[str, str]], expected: list[str], tmp_path: Path) -> None:
    assert complaints(tmp_path, changed(*changes)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps: [a, b", "flow.yaml:1: is no YAML (expected ',' or ']', but got '<stream end>')"),
        ("- a", "flow.yaml:1: is no mapping, expected keys and values"),
        ("", "flow.yaml:1: is no mapping, expected keys and values"),
        ("give_up: desk", "flow.yaml:1: steps: is missing, expected a mapping"),
        ("give_up: desk\nsteps: {}", "flow.yaml:2: steps: is missing, expected a mapping"),
    ],
)
def test_no_flow_at_all(text: str, expected: str, tmp_path: Path) -> None:
    assert complaints(tmp_path, text) == [expected]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file"):
        load_flow(tmp_path / "none.yaml", DESK)


TABLE = """
tables: {names: names.yaml, towns: {"030": Berlin}}
variables: {area: "030"}
steps:
  find: {look_up: "{area}", table: towns, into: town, then: bye, missing: bye}
  bye: {hang_up: "Goodbye to {town}."}
"""


def test_tables_are_files_or_stand_in_the_flow_and_keep_texts_as_texts(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("no: Norway\n01: one\n")
    flow = loaded(tmp_path, "give_up: desk" + TABLE)
    assert flow.tables == {"names": {"no": "Norway", "01": "one"}, "towns": {"030": "Berlin"}}


def test_a_table_names_its_own_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "names.yaml").write_text("a: x\nb: [y]\na: z\n")
    assert complaints(tmp_path, "give_up: desk" + TABLE) == [
        "names.yaml:2: b: is a list, expected a text",
        "names.yaml:3: a: is there twice, expected once (first in line 1)",
    ]


def test_a_table_file_that_is_not_there(tmp_path: Path) -> None:
    (told,) = complaints(tmp_path, "give_up: desk" + TABLE)
    assert told == "names.yaml: cannot be read (No such file or directory)"


def test_texts_for_the_voice_are_those_without_slots_and_each_once(tmp_path: Path) -> None:
    flow = loaded(tmp_path, changed(("Goodbye.", "Goodbye {caller}.")))
    texts = flow_texts(flow)
    assert {"How can I help?", "For desk, press 1. For bye, press 2."} <= set(texts)
    assert not any("{" in text for text in texts)
    assert len(set(texts)) == len(texts)


def test_phrases_for_the_recogniser_include_every_answer(tmp_path: Path) -> None:
    assert {"the desk", "goodbye", "yes", "no", "hello"} <= set(
        flow_phrases(loaded(tmp_path, SOUND))
    )


def test_the_example_speaks_words_that_the_recogniser_knows() -> None:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    flow = load_flow(EXAMPLE, frozenset({"sales", "support", "mailbox"}))
    dictionary = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text()
    known = {line.split()[0] for line in dictionary.splitlines() if line.strip()}
    words = {word for phrase in flow_phrases(flow) for word in phrase.split()}
    assert words - known == set()
