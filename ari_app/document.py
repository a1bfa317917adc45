"""YAML that remembers where everything stood, so that an error can name file, line and key.

Duplicate keys are refused (YAML 1.2 §3.2.1.1 asks for unique keys; PyYAML keeps the last one).
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
class Document:
    """A YAML file's value and the line of each part of it."""

    path: Path
    value: object
    lines: Mapping[Place, int]
    "Line of each key or list element, counted from 1."

    def where(self, place: Place) -> str:
        """`file:line` of a value, or of the nearest thing around it."""
        for length in range(len(place), -1, -1):
            line = self.lines.get(place[:length])
            if line is not None:
                return f"{self.path}:{line}"
        return str(self.path)


def read(path: Path) -> Document:
    """Read a YAML file. Raises ConfigError: missing, unreadable, no YAML, duplicate keys."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {}
        if node is not None:
            _walk(path, node, (), lines)
        value = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no YAML: {_one_line(error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is nested too deeply, or contains itself") from error
    finally:
        loader.dispose()
    return Document(path, value, lines)


def _walk(path: Path, node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if len(lines) > LARGEST:  # a few lines of aliases of aliases would fill the memory
        raise ConfigError(f"{path}: holds more than {LARGEST} values, aliases counted")
    if isinstance(node, yaml.SequenceNode):
        for position, child in enumerate(node.value):
            _walk(path, child, (*place, position), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            here = (*place, str(key.value))
            line = key.start_mark.line + 1
            if here in lines:
                raise ConfigError(
                    f"{path}:{line}: {key.value!r} is here a second time; "
                    f"expected once (first in line {lines[here]})"
                )
            lines[here] = line
            _walk(path, child, here, lines)


def _one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())
