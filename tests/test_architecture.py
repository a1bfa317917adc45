"""The rules of the house, executable (CONTRIBUTING says why). A failure names what to change."""

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ari_app"
GENERATED = PACKAGE / "ari" / "generated"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if GENERATED not in path.parents)

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
"Lines, the docstring not counted."

LONG_MODULES: dict[str, str] = {}
"Modules that may be longer, and why."
LONG_FUNCTIONS: dict[str, str] = {}
"Functions (module.py:name) that may be longer, and why."

UNTESTED = {
    "__main__.py": "starts the command",
    "agents/flow/model.py": "values",
    "agents/flow/moves.py": "values",
    "board/messages.py": "values",
    "call/commands.py": "values",
    "call/events.py": "values",
    "call/record.py": "values",
    "call/settings.py": "values",
    "conversation/commands.py": "values",
    "conversation/events.py": "values",
    "conversation/settings.py": "values",
    "cli/story.py": "values",
    "conversation/values.py": "values",
    "errors.py": "values",
    "media/values.py": "values",
    "phone/port.py": "protocols",
    "phone/signals.py": "values",
    "ports.py": "protocols",
}
"Modules without behaviour of their own."
TESTED_ELSEWHERE = {
    "ari/messages.py": "ari/test_generated.py",
    "cli/demo.py": "e2e/test_demo.py",
}
"Modules whose behaviour is asserted in another test (a path below tests)."

FORBIDDEN_WORDS = ("Manager", "Handler", "Helper", "Util", "Utils", "Base")


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the last statement; documentation is not held against anybody."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_imports_point_inwards(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename="setup.cfg", no_cache=True)
    assert broken == 0, "An import goes outwards:\n" + capsys.readouterr().out


def test_every_room_has_its_place_in_the_layers() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    placed = set(re.findall(r"ari_app\.(\w+)", config["importlinter:contract:layers"]["layers"]))
    rooms = {path.stem for path in PACKAGE.glob("*.py")}
    rooms |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    homeless = sorted(rooms - placed - {"__init__", "__main__"})
    assert not homeless, f"Give these a layer in setup.cfg, or anything may import them: {homeless}"


def test_modules_are_short() -> None:
    long = {
        name_of(path): length
        for path in MODULES
        if (length := len(path.read_text().splitlines())) > LONGEST_MODULE
    }
    too_long = {name: length for name, length in long.items() if name not in LONG_MODULES}
    assert not too_long, f"Cut these along their questions ({LONGEST_MODULE} lines): {too_long}"
    assert not set(LONG_MODULES) - set(long), "LONG_MODULES excuses what needs no excuse"


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}:{function.name}": length
        for path in MODULES
        for function in functions(path)
        if (length := lines_of(function)) > LONGEST_FUNCTION
    }
    too_long = {name: length for name, length in long.items() if name not in LONG_FUNCTIONS}
    assert not too_long, f"Name the steps of these ({LONGEST_FUNCTION} lines): {too_long}"
    assert not set(LONG_FUNCTIONS) - set(long), "LONG_FUNCTIONS excuses what needs no excuse"


def test_every_module_has_its_test() -> None:
    missing, excused = [], set(UNTESTED) | set(TESTED_ELSEWHERE)
    for path in MODULES:
        name = name_of(path)
        mirrored = (ROOT / "tests" / name).with_name(f"test_{path.name}")
        if path.name != "__init__.py" and name not in excused and not mirrored.exists():
            missing.append(f"ari_app/{name} → {mirrored.relative_to(ROOT)}")
    assert not missing, "Write these tests (or say where they are):\n" + "\n".join(missing)


def test_excuses_for_missing_tests_are_true() -> None:
    names = {name_of(path) for path in MODULES}
    for name in [*UNTESTED, *TESTED_ELSEWHERE]:
        assert name in names, f"{name} is gone, and with it its excuse"
        mirrored = (ROOT / "tests" / name).with_name(f"test_{Path(name).name}")
        assert not mirrored.exists(), f"{name} has a test of its own: drop the excuse"
    for name, test in TESTED_ELSEWHERE.items():
        assert (ROOT / "tests" / test).exists(), f"the test of {name}, tests/{test}, is gone"


def test_names_say_what_things_are() -> None:
    """A Manager, Handler or Helper says only that its author did not know."""
    word = re.compile(rf"({'|'.join(FORBIDDEN_WORDS)})(?![a-z])")
    found = [
        f"ari_app/{name_of(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and word.search(node.name)
    ]
    found += [
        f"ari_app/{name_of(path)}"
        for path in MODULES
        if word.search("".join(part.title() for part in path.stem.split("_")))
    ]
    assert not found, "Name these after what they answer:\n" + "\n".join(found)
