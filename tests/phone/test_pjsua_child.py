"""The real child with the real pjsua2, without a PBX. What it does in calls: e2e/test_phones.py."""

import json
import subprocess
import sys
from typing import Any

import pytest

from ari_app.phone.pjsua import CHILD, LIB, is_built

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not is_built(), reason="pjsua2 is not built: run `make phone`"),
]

OPEN = {
    "do": "open",
    "ask": 1,
    "user": "alice",
    "password": "",
    "name": "",
    "registrar": "127.0.0.1:9",
    "headers": {},
    "host": "127.0.0.1",
    "port": 0,
}


def replies(*commands: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and reports of a child that is told these, and then that its parent is gone."""
    done = subprocess.run(
        [sys.executable, CHILD, LIB],
        input="".join(json.dumps(command) + "\n" for command in commands),
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_it_ends_with_its_parent() -> None:
    assert replies(OPEN) == (0, [{"is": "done", "ask": 1}, {"is": "done", "ask": 0}])


def test_what_pjsua2_refuses_is_answered_and_the_child_lives_on() -> None:
    dial = {"do": "dial", "ask": 2, "call": 1, "uri": "nonsense"}
    status, reports = replies(OPEN, dial, {"do": "quit", "ask": 3})
    (refused,) = (report for report in reports if report["is"] == "failed")
    assert refused["ask"] == 2
    assert refused["why"]
    assert {"is": "done", "ask": 3} in reports
    assert status == 0
