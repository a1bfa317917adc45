"""A flow's YAML, asked key by key: every value that is wrong is told with file, line, key, value
and what was expected. Scalars are texts here, always: `no` is "no" and `01` is "01"."""

from collections.abc import Iterable
from pathlib import Path

from ari_app.document import Document, Place, load
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
    """A mapping of a document that is being read. Ask for every key you know, then `close`."""

    def __init__(self, document: Document, place: Place, value: object, problems: Problems) -> None:
        self.file = document.path
        self.line = document.line(place)
        self.key = ".".join(str(part) for part in place)
        self.problems = problems
        self._document = document
        self._place = place
        self._values: dict[str, object] = value if isinstance(value, dict) else {}
        self._known: list[str] = []

    def __bool__(self) -> bool:
        """There is anything in it."""
        return bool(self._values)

    def path(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def line_of(self, key: str) -> int:
        return self._document.line((*self._place, key))

    def wrong(self, key: str, value: str, expected: str) -> None:
        self.complain(key, f"{value!r}, expected {expected}")

    def complain(self, key: str, message: str) -> None:
        self.problems.add(str(self.file), self.line_of(key), self.path(key), message)

    def has(self, key: str) -> bool:
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """All keys, as they stand; they count as known."""
        self._known.extend(self._values)
        return tuple(self._values)

    def text(self, key: str, default: str | None = None, expected: str = "a text") -> str:
        """A text that is not empty, or the default; without a default the key must be there."""
        found = self._take(key)
        if found is None:
            if default is None:
                self.complain(key, f"is missing, expected {expected}")
            return default or ""
        if not isinstance(found, str):
            self.complain(key, f"is a {kind(found)}, expected {expected}")
            return default or ""
        value = " ".join(found.split())
        if not value and default is None:
            self.wrong(key, found, expected)
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
        found = self._take(key)
        if found is None:
            return tuple(default)
        if not isinstance(found, list):
            self.complain(key, f"is a {kind(found)}, expected a list of texts")
            return ()
        values = [one.strip() if isinstance(one, str) else "" for one in found]
        if not all(values):
            self.complain(key, "has an entry that is no text, expected a list of texts")
        return tuple(value for value in values if value)

    def section(self, key: str, *, required: bool = False) -> "Section":
        """The mapping under the key; an empty one (and a problem, if required) without it."""
        found = self._take(key)
        if found is not None and not isinstance(found, dict):
            self.complain(key, f"is a {kind(found)}, expected a mapping")
        elif required and not found:
            self.complain(key, "is missing, expected a mapping")
        return Section(self._document, (*self._place, key), found, self.problems)

    def is_section(self, key: str) -> bool:
        return isinstance(self._values.get(key), dict)

    def close(self) -> None:
        """Every key that nobody asked for is a problem."""
        known = ", ".join(dict.fromkeys(self._known))
        for key in self._values:
            if key not in self._known:
                self.complain(key, f"is unknown, expected one of: {known}")

    def _take(self, key: str) -> object:
        self._known.append(key)
        return self._values.get(key)


def kind(value: object) -> str:
    if isinstance(value, dict):
        return "mapping"
    return "list" if isinstance(value, list) else "text"


def read(path: Path, problems: Problems) -> Section:
    """The file's outermost mapping. Raises ConfigError when it cannot be read at all."""
    document = load(path, texts=True)
    if not isinstance(document.value, dict):
        raise ConfigError(f"{path}:1: is no mapping, expected keys and values")
    for one in document.repeats:
        problems.add(str(path), one.line, ".".join(str(part) for part in one.place), str(one))
    return Section(document, (), document.value, problems)
