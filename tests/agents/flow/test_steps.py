"""Steps that are refused, and in which words."""

from pathlib import Path

import pytest

from tests.support.flows import Case, changed, complaints

CASES: dict[str, Case] = {
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
    "no step": (
        [("    hang_up: Goodbye.", "    sing: Goodbye.")],
        [
            "flow.yaml:14: steps.bye: is no step, expected one of: "
            "ask, confirm, branch, remember, look_up, hand_over, hang_up, say"
        ],
    ),
    "a text instead of a mapping": (
        [("    hang_up: Goodbye.", "    Goodbye.")],
        [
            "flow.yaml:14: steps.bye: is a text, expected a mapping",
            "flow.yaml:14: steps.bye: is no step, expected one of: "
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
            "flow.yaml:3: steps.start.then: is missing, expected a step (start, sure, desk, bye)",
            "flow.yaml:4: steps.start.ask: expected either choices or digits",
            "flow.yaml:5: steps.start.digits.length: 'many', expected a whole number from 1 to 40",
            "flow.yaml:5: steps.start.digits.terminator: '9', expected '#', '*' or ''",
        ],
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
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES)
def test_refused(changes: list[tuple[str, str]], expected: list[str], tmp_path: Path) -> None:
    assert complaints(tmp_path, changed(*changes)) == expected
