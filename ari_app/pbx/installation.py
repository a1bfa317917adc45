"""Which Asterisk the private PBX runs: the host's if it is new enough, else an unpacked one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ari_app.pbx import SandboxError
from ari_app.pbx.apt import SUITE, PrivateApt
from ari_app.pbx.host_tools import run
from ari_app.pbx.launch import library_folder

OLDEST = 20
"The oldest Asterisk that is used: the first long-term release with all that we ask of ARI."

PREFIX = Path("var/sandbox")
"Where programs are unpacked unless told otherwise."

PACKAGES = ("asterisk", "flite")
"What is unpacked unless the host has it."

HOST_DATA = (Path("/usr/share/asterisk"), Path("/var/lib/asterisk"))
"Where hosts keep Asterisk's documentation, REST description and sounds."


@dataclass(frozen=True)
class Installation:
    """An Asterisk that can be started with a configuration of ours."""

    program: Path
    "Executable; for an unpacked Asterisk the wrapper script."
    version: str
    "Like 22.10.1."
    data: Path
    "The folder that holds documentation, rest-api and sounds."
    modules: Path | None
    "The module folder; None where the program knows it."


def host_asterisk() -> Installation | None:
    """The host's own Asterisk, if it is on the PATH and at least version 20."""
    program = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    try:
        version = asterisk_version(Path(program))
    except SandboxError:  # one that cannot say what it is will not be relied on
        return None
    data = next((folder for folder in HOST_DATA if (folder / "documentation").is_dir()), None)
    if data is None or int(version.partition(".")[0]) < OLDEST:
        return None
    return Installation(Path(program), version, data, None)


def unpacked_asterisk(prefix: Path) -> Installation | None:
    """The Asterisk under a prefix, if it has been unpacked."""
    root, program = prefix.resolve() / "root", prefix.resolve() / "bin/asterisk"
    if not program.is_file():
        return None
    modules = library_folder(root) / "asterisk/modules"
    return Installation(program, asterisk_version(program), root / "usr/share/asterisk", modules)


def asterisk_version(program: Path) -> str:
    """The version an Asterisk program says it has, without the packager's additions."""
    said = run([program, "-V"], f"asking {program} for its version")
    found = re.search(r"Asterisk (?:certified[/-])?(\d+(?:\.\d+)*)", said)
    if found is None:
        raise SandboxError(f"{program} -V: expected 'Asterisk <version>', got {said.strip()!r}")
    return found[1]


def find_asterisk(prefix: Path, *, unpacked: bool = False) -> Installation:
    """The Asterisk to start; with `unpacked` the host's is passed over."""
    found = (None if unpacked else host_asterisk()) or unpacked_asterisk(prefix)
    if found is None:
        raise SandboxError(f"no Asterisk in {prefix}: run `asterisk/sandbox install` first")
    return found


def install(
    prefix: Path = PREFIX,
    suite: str = SUITE,
    packages: Iterable[str] = (),
    *,
    unpacked: bool = False,
) -> Installation:
    """Make an Asterisk and the packages ready to use, with what is there already left alone.

    Raises SandboxError with one line when a tool is missing or a download fails.
    """
    wanted = [*PACKAGES, *packages]
    if not unpacked and (host := host_asterisk()):
        print(f"using this host's Asterisk {host.version} ({host.program})")
        wanted.remove("asterisk")
    versions = PrivateApt(prefix, suite).unpack(wanted)
    print(f"ready in {prefix}: {', '.join(f'{name} {versions[name]}' for name in versions)}")
    return find_asterisk(prefix, unpacked=unpacked)
