"""YAML with a memory of its lines: every value that is wrong is told with file, line, key, value
and what was expected. Scalars are texts here, always: `no` is "no" and `01` is "01"."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from ari_app.errors import ConfigError


class Problems:
    """Collects everything that is wrong, so that it can be told at once."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, file: str, line: int, key: str, message: str) -> None:
        self._lines.append((file, line, f"{file}:{line}: {key}: {message}"))

    def refuse(self) -> None:
        """Raises ConfigError with one line for each problem, in the order of the files."""
        if self._lines:
            raise ConfigError("\n".join(dict.fromkeys(line for *_, line in sorted(self._lines))))


class Section:
    """A YAML mapping that is being read. Ask for every key you know, then `close`."""

    def __init__(self, node: yaml.Node, file: Path, key: str, problems: Problems) -> None:
        self.line = node.start_mark.line + 1
        self.file = file
        self.key = key
        self.problems = problems
        self._nothing = yaml.ScalarNode("", "", node.start_mark)
        "Stands, at our line, for what is not there."
        self._nodes: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._known: list[str] = []
        for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
            self._add(name, value)

    def __bool__(self) -> bool:
        """There is anything in it."""
        return bool(self._nodes)

    def _add(self, name: yaml.Node, value: yaml.Node) -> None:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            self.problems.add(str(self.file), line, self.key or "key", "expected a text as key")
        elif name.value in self._nodes:
            first = self._lines[name.value]
            said = f"is there twice, expected once (first in line {first})"
            self.problems.add(str(self.file), line, self.path(name.value), said)
        else:
            self._nodes[name.value] = value
            self._lines[name.value] = line

    def path(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def line_of(self, key: str) -> int:
        return self._lines.get(key, self.line)

    def wrong(self, key: str, value: str, expected: str) -> None:
        self.complain(key, f"{value!r}, expected {expected}")

    def complain(self, key: str, message: str) -> None:
        self.problems.add(str(self.file), self.line_of(key), self.path(key), message)

    def has(self, key: str) -> bool:
        return key in self._nodes

    def names(self) -> tuple[str, ...]:
        """All keys, as they stand; they count as known."""
        self._known.extend(self._nodes)
        return tuple(self._nodes)

    def text(self, key: str, default: str | None = None, expected: str = "a text") -> str:
        """A text that is not empty, or the default; without a default the key must be there."""
        node = self._take(key)
        if node is None:
            if default is None:
                self.complain(key, f"is missing, expected {expected}")
            return default or ""
        if not isinstance(node, yaml.ScalarNode):
            self.complain(key, f"is a {kind(node)}, expected {expected}")
            return default or ""
        value = " ".join(node.value.split())
        if not value and default is None:
            self.wrong(key, node.value, expected)
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.text(key, str(default))
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if low <= number <= high:
            return number
        self.wrong(key, value, f"a number from {low:g} to {high:g}")
        return default

    def count(self, key: str, default: int, low: int, high: int) -> int:
        value = self.text(key, str(default))
        if value.isdecimal() and low <= int(value) <= high:
            return int(value)
        self.wrong(key, value, f"a whole number from {low} to {high}")
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self.text(key, str(default).lower())
        if value not in ("true", "false"):
            self.wrong(key, value, "true or false")
        return value == "true"

    def texts(self, key: str, default: Iterable[str] = ()) -> tuple[str, ...]:
        """A list of texts."""
        node = self._take(key)
        if node is None:
            return tuple(default)
        if not isinstance(node, yaml.SequenceNode):
            self.complain(key, f"is a {kind(node)}, expected a list of texts")
            return ()
        values = [n.value.strip() if isinstance(n, yaml.ScalarNode) else "" for n in node.value]
        if not all(values):
            self.complain(key, "has an entry that is no text, expected a list of texts")
        return tuple(value for value in values if value)

    def section(self, key: str, *, required: bool = False) -> "Section":
        """The mapping under the key; an empty one (and a problem, if required) without it."""
        node = self._take(key)
        if node is not None and not isinstance(node, yaml.MappingNode):
            self.complain(key, f"is a {kind(node)}, expected a mapping")
        elif required and (node is None or not node.value):
            self.complain(key, "is missing, expected a mapping")
        return Section(node or self._nothing, self.file, self.path(key), self.problems)

    def is_section(self, key: str) -> bool:
        return isinstance(self._nodes.get(key), yaml.MappingNode)

    def close(self) -> None:
        """Every key that nobody asked for is a problem."""
        known = ", ".join(dict.fromkeys(self._known))
        for key in self._nodes:
            if key not in self._known:
                self.complain(key, f"is unknown, expected one of: {known}")

    def _take(self, key: str) -> yaml.Node | None:
        self._known.append(key)
        return self._nodes.get(key)


def kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "mapping"
    return "list" if isinstance(node, yaml.SequenceNode) else "text"


def read(path: Path, problems: Problems) -> Section:
    """The file's outermost mapping. Raises ConfigError when it cannot be read at all."""
    try:
        node = yaml.compose(path.read_bytes(), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = error.problem or "malformed"
        raise ConfigError(f"{path}:{line}: is no YAML ({said})") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path}:1: is no YAML ({type(error).__name__})") from error
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{path}:1: is no mapping, expected keys and values")
    return Section(node, path, "", problems)
