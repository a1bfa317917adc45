"""Programs of an unpacked tree, started through the tree's own dynamic loader and libraries.

The tree comes from another Debian suite than the host, so nothing of the host's C library may be
mixed in; a wrapper script per program sees to that, and works for any user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ari_app.pbx import SandboxError

WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")/root
lib=$root/{lib}
GCONV_PATH=$lib/gconv exec "$lib/{loader}" --library-path "{path}" \\
    --argv0 {name} "$root/{program}" "$@"
"""

PLAIN_PATH = re.compile(r"[\w.+@/-]+")
"Paths that need no quoting in a shell."


def library_folder(root: Path) -> Path:
    """The tree's library folder, usr/lib/<triplet>. Raises SandboxError if it has no loader."""
    for loader in sorted(root.glob("usr/lib/*/ld-linux*.so.*")):
        return loader.parent
    raise SandboxError(f"{root}: no unpacked C library here; run `asterisk/sandbox install`")


def wrap_programs(root: Path, bin_folder: Path, programs: Iterable[str]) -> list[str]:
    """Write a wrapper into bin_folder for each of the programs (paths inside root) that is ELF.

    Returns the names of the wrapped programs. Scripts are left out: they need an interpreter,
    which is the host's business.
    """
    lib = library_folder(root)
    loader = next(iter(sorted(lib.glob("ld-linux*.so.*")))).name
    folders = [lib, *sorted({found.parent for found in lib.glob("*/lib*.so.*")})]
    path = ":".join(f"$root/{folder.relative_to(root)}" for folder in folders)
    bin_folder.mkdir(parents=True, exist_ok=True)
    wrapped = []
    for program in sorted(programs):
        name = Path(program).name
        if not PLAIN_PATH.fullmatch(program) or not _is_elf(root / program):
            continue
        wrapper = bin_folder / name
        wrapper.write_text(
            WRAPPER.format(
                lib=lib.relative_to(root), loader=loader, path=path, name=name, program=program
            )
        )
        wrapper.chmod(0o755)
        wrapped.append(name)
    return wrapped


def _is_elf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:  # a link to something that is not unpacked, or out of the tree
        return False
