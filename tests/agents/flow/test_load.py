"""What is refused at start, and in which words."""

from pathlib import Path

import pytest

import ari_app
from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import Ask, flow_phrases, flow_texts
from ari_app.errors import ConfigError
from tests.support.flows import DESK, SOUND, Case, changed, complaints, loaded

EXAMPLE = Path(ari_app.__file__).parent / "agents/examples/front-desk.yaml"


def test_a_sound_flow_starts_with_its_first_step(tmp_path: Path) -> None:
    flow = loaded(tmp_path, SOUND)
    assert (flow.start, flow.resume, flow.give_up) == ("start", "start", "desk")
    assert isinstance(flow.steps["sure"], Ask)


CASES: dict[str, Case] = {
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
    "several at once": (
        [("then: bye", "then: by"), ("Goodbye.", "'{what}'"), ("give_up: desk", "give_up: nobody")],
        [
            "flow.yaml:1: give_up: 'nobody', expected a destination (desk)",
            "flow.yaml:7: steps.start.choices.bye.then: 'by', "
            "expected a step (start, sure, desk, bye)",
            "flow.yaml:15: steps.bye.hang_up: 'what', expected a variable or slot (called, caller)",
        ],
    ),
    "duplicate step": (
        [("  bye:\n    hang_up", "  sure:\n    hang_up")],
        [
            "flow.yaml:7: steps.start.choices.bye.then: 'bye', expected a step (start, sure, desk)",
            "flow.yaml:14: steps.sure: is here a second time; expected once (first in line 8)",
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
        "names.yaml:3: a: is here a second time; expected once (first in line 1)",
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
