"""What goes wrong in a tool of the host is told in one line."""

import sys

import pytest

from ari_app.pbx import SandboxError
from ari_app.pbx.host_tools import run, telling_line


def test_standard_output_is_returned() -> None:
    assert run([sys.executable, "-c", "print('yes')"], "asking") == "yes\n"


def test_a_missing_tool_is_named() -> None:
    with pytest.raises(SandboxError, match=r"^fetching: needs no-such-tool, which this machine"):
        run(["no-such-tool"], "fetching")


def test_a_failure_tells_its_cause_not_its_consequences() -> None:
    script = "import sys; print('Get:1\\nE: no route\\nE: gave up', file=sys.stderr); sys.exit(100)"
    with pytest.raises(SandboxError, match=r"^fetching: no route$"):
        run([sys.executable, "-c", script], "fetching")


def test_a_tool_that_hangs_is_given_up() -> None:
    with pytest.raises(SandboxError, match=r"^asking: no answer within 0.2 s$"):
        run([sys.executable, "-c", "import time; time.sleep(9)"], "asking", seconds=0.2)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("", "failed without a word"),
        ("a\n  last words \n\n", "last words"),
        ("Err:1 http://m.test x\n  cannot\nlast", "Err:1 http://m.test x"),
        ("Err:1 http://m.test x\nE: first\nE: second", "first"),
    ],
)
def test_the_line_that_says_most(output: str, line: str) -> None:
    assert telling_line(output) == line
