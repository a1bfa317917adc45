"""A file of passwords: NAME=value, as systemd's EnvironmentFile takes it too."""

import re
import stat
from pathlib import Path

from ari_app.errors import ConfigError


def read_secrets(path: Path) -> dict[str, str]:
    """Values by name, of a file that only its owner can read. Raises ConfigError."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"secrets_file {path}: cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigError(f"secrets_file {path}: has mode {mode:04o}; expected 0600")
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()):
            raise ConfigError(f"{path}:{number}: expected NAME=value")
        values[name.strip()] = value.strip().strip('"')
    return values
