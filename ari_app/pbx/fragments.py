"""The configuration fragments of `asterisk/` and `dialplan/`, and the one way to fill them in.

A fragment is a plain Asterisk .conf file in which @NAME@ stands for a value. The production
configuration and the private PBX are both rendered here, from the same files.
"""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from ari_app.errors import ConfigError

PLACEHOLDER = re.compile(r"@([A-Z][A-Z0-9_]*)@")

UNSAFE = re.compile(r"[\x00-\x1f\x7f;\\]|\$[{\[]")
"""What no value may hold: control characters (a newline starts another setting), `;` (starts a
comment), a backslash (escapes), `${` and `$[` (the dialplan would evaluate them)."""


def fragment_folder(name: str) -> Path:
    """The folder `asterisk` or `dialplan`: of the source checkout, else as installed.

    Raises ConfigError when it is in neither place.
    """
    checkout = Path(__file__).resolve().parents[2] / name
    installed = Path(sysconfig.get_path("data")) / "share/attendant" / name
    for folder in (checkout, installed):
        if any(folder.glob("*.conf")):
            return folder
    raise ConfigError(f"fragments {name}/*.conf: expected in {checkout} or {installed}")


def render(text: str, values: Mapping[str, str], *, name: str) -> str:
    """Fill in every @NAME@ of a fragment, in comments too; `name` is the file's, for errors.

    Raises ConfigError naming file, line and placeholder when a value is missing or could change
    the meaning of the line that it is put into.
    """

    def fill(found: re.Match[str]) -> str:
        line = text.count("\n", 0, found.start()) + 1
        where = f"{name}:{line}: @{found[1]}@"
        if found[1] not in values:
            raise ConfigError(f"{where} has no value; known are {', '.join(sorted(values))}")
        value = values[found[1]]
        if unsafe := UNSAFE.search(value):
            raise ConfigError(f"{where}: a value may not hold {unsafe[0]!r}")
        return value

    return PLACEHOLDER.sub(fill, text)


def render_folder(
    source: Path, target: Path, values: Mapping[str, str], *, mode: int = 0o600
) -> list[Path]:
    """Render each .conf of a folder into another, readable by the owner only: some hold secrets.

    Nothing is written unless all of them render.
    """
    rendered = {
        target / path.name: render(path.read_text(encoding="utf-8"), values, name=str(path))
        for path in sorted(source.glob("*.conf"))
    }
    target.mkdir(parents=True, exist_ok=True)
    for path, text in rendered.items():
        path.touch(mode)
        path.chmod(mode)
        path.write_text(text, encoding="utf-8")
    return list(rendered)
