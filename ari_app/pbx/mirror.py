"""Where this host gets Debian from, so that our own apt asks the same mirror."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PUBLIC_MIRROR = "http://deb.debian.org/debian"
"Debian's own; apt checks signatures, so plain HTTP is as good as any."

OVERRIDE = "ATTENDANT_DEBIAN_MIRROR"
"The environment variable that names another mirror."

ROLLING = frozenset({"testing", "sid", "unstable", "stable"})


@dataclass(frozen=True)
class Source:
    """One archive that the host's apt reads packages from."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def debian_mirror(root: Path = Path("/")) -> str:
    """The mirror to use: the override, else the Debian host's own, else Debian's public one.

    Ubuntu hosts have no Debian mirror; archives of third parties (which may also be called
    .../debian) are told apart by suite and component.
    """
    if override := os.environ.get(OVERRIDE):
        return override.rstrip("/")
    release = _os_release(root / "etc/os-release")
    if release.get("ID") != "debian":
        return PUBLIC_MIRROR
    suites = ROLLING | {release.get("VERSION_CODENAME", "")}
    for source in host_sources(root / "etc/apt"):
        ours = suites & set(source.suites) and "main" in source.components
        if ours and source.uri.startswith(("http://", "https://", "file:")):
            return source.uri.rstrip("/")
    return PUBLIC_MIRROR


def host_sources(etc_apt: Path) -> Iterator[Source]:
    """The binary archives in sources.list, *.list and *.sources, in apt's reading order."""
    for path in [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]:
        if not path.is_file() or not os.access(path, os.R_OK):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".list":
            yield from _one_line_sources(text)
        elif path.suffix == ".sources":
            yield from _deb822_sources(text)


def _one_line_sources(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if found:
            yield Source(found[1], (found[2],), tuple(found[3].split()))


def _deb822_sources(text: str) -> Iterator[Source]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = dict(re.findall(r"^([\w-]+):\s*((?:.|\n[ \t])*)", stanza, re.M))
        fields = {name.lower(): value.split() for name, value in fields.items()}
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            yield Source(uri, tuple(fields.get("suites", [])), tuple(fields.get("components", [])))


def _os_release(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
