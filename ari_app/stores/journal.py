"""Where the stories of calls go: a file of JSON lines that only its owner can read, or nowhere."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from ari_app.errors import ConfigError


class NoJournal:
    """The default: what is said in calls is kept nowhere."""

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None: ...

    def close(self) -> None: ...


class FileJournal:
    """One JSON object a line: wallclock, call, kind, at (seconds since the offer), facts.

    Raises ConfigError when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise ConfigError(f"journal {path}: cannot be opened: {error.strerror}") from error
        self._file = os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        wallclock = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"wallclock": wallclock, "call": call, "kind": kind, "at": round(at, 3), **facts}
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()
