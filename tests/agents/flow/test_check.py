"""Flows that are wrong as a whole."""

from pathlib import Path

import pytest

from tests.support.flows import Case, changed, complaints

CASES: dict[str, Case] = {
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
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES)
def test_refused(changes: list[tuple[str, str]], expected: list[str], tmp_path: Path) -> None:
    assert complaints(tmp_path, changed(*changes)) == expected
