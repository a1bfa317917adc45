"""YAML that remembers where everything stood, so that an error can name file, line and key.

Duplicate keys are faults (YAML 1.2 §3.2.1.1 asks for unique keys; PyYAML keeps the last one).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ari_app.errors import ConfigError

Place = tuple[str | int, ...]
"The way to a value: keys and list positions from the top."
LARGEST = 100_000
"Values in a file at most."


@dataclass(frozen=True)
class Repeat:
    """A key that comes a second time in its mapping."""

    place: Place
    line: int
    first: int
    "The line where it came first."

    def __str__(self) -> str:
        return f"is here a second time; expected once (first in line {self.first})"


@dataclass(frozen=True)
class Document:
    """A YAML file's value and the line of each part of it."""

    path: Path
    value: object
    lines: Mapping[Place, int]
    "Line of each key or list element, counted from 1."
    repeats: tuple[Repeat, ...] = ()

    def line(self, place: Place) -> int:
        """Line of a value, or of the nearest thing around it."""
        around = (self.lines.get(place[:length]) for length in range(len(place), -1, -1))
        return next((line for line in around if line is not None), 1)

    def where(self, place: Place) -> str:
        """`file:line` of a value, or of the nearest thing around it."""
        return f"{self.path}:{self.line(place)}"


def read(path: Path) -> Document:
    """Read a YAML file. Raises ConfigError: missing, unreadable, no YAML, duplicate keys."""
    document = load(path)
    if document.repeats:
        faults = (f"{path}:{one.line}: {one.place[-1]!r} {one}" for one in document.repeats)
        raise ConfigError("\n".join(faults))
    return document


def load(path: Path, *, texts: bool = False) -> Document:
    """Read a YAML file; what to do about its `repeats` is the caller's affair.

    texts: leave scalars as they are written, so that `no` is "no" and `01` is "01". Raises
    ConfigError: missing, unreadable, no YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    try:
        return _parsed(path, text, yaml.BaseLoader if texts else yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: is no YAML ({error.problem or 'malformed'})") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}:1: is no YAML ({' '.join(str(error).split())})") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply, or contains itself") from error


def _parsed(path: Path, text: str, kind: type[yaml.BaseLoader | yaml.SafeLoader]) -> Document:
    loader = kind(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(path, None, {})
        survey = _Survey(path)
        survey.walk(node, ())
        return Document(path, loader.construct_document(node), survey.lines, tuple(survey.repeats))
    finally:
        loader.dispose()


class _Survey:
    """Where does everything stand?"""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Place, int] = {}
        self.repeats: list[Repeat] = []
        self._path = path

    def walk(self, node: yaml.Node, place: Place) -> None:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if len(self.lines) > LARGEST:  # a few lines of aliases of aliases would fill the memory
            raise ConfigError(f"{self._path}: holds more than {LARGEST} values, aliases counted")
        if isinstance(node, yaml.SequenceNode):
            for position, child in enumerate(node.value):
                self.walk(child, (*place, position))
        elif isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                self._entry(key, child, place)

    def _entry(self, key: yaml.Node, child: yaml.Node, place: Place) -> None:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{self._path}:{line}: expected a text as key")
        here = (*place, key.value)
        if here in self.lines:
            self.repeats.append(Repeat(here, line, self.lines[here]))
        self.lines[here] = line
        self.walk(child, here)
