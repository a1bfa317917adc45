"""The transition table and the picture made of it."""

from pathlib import Path
from typing import get_args

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.machine import Call
from ari_app.call.table import ROWS, TRANSITIONS, Phase, Verdict, mermaid, verdict

README = Path(__file__).parents[2] / "README.md"


def names() -> set[str]:
    outcomes = {
        f"{kind.__name__} {outcome}"
        for kind in get_args(c.LineCommand)
        for outcome in ("done", "refused", "unknown")
    }
    plain = {kind.__name__ for kind in get_args(e.Event)} - {"Done", "Refused", "Unknown"}
    return plain | outcomes


def test_every_row_names_an_event_that_exists_and_a_method_of_the_call() -> None:
    for row in ROWS:
        assert row.event in names(), row
        assert callable(getattr(Call, f"_{row.action}")), row


def test_no_event_has_two_rows_in_one_phase() -> None:
    assert len(TRANSITIONS) == len(ROWS)


def test_only_outcomes_can_be_bugs() -> None:
    for phase in Phase:
        for name in names():
            if verdict(phase, name) is Verdict.BUG:
                assert " " in name
    assert verdict(Phase.PREPARING, "HangUp done") is Verdict.BUG
    assert verdict(Phase.ENDED, "HangUp done") is Verdict.IGNORE


def test_every_phase_but_the_last_hears_the_caller_leave() -> None:
    for phase in Phase:
        act = verdict(phase, "CallerLeft") is Verdict.ACT
        assert act is (phase not in (Phase.OFFERED, Phase.ENDED))


def test_the_picture_in_the_readme_is_the_table() -> None:
    assert mermaid() in README.read_text()
