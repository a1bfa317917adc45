"""`make phone`: pjsua2 for this Python, from the PJSIP inside Debian's Asterisk source package.

The registry's own pjsua2 is not self-contained; Debian's source package carries all of PJSIP with
its Python binding. Built without root, kept until something that it is made of changes. PJSIP is
GPL-2+: what is built stays on this machine, and only a process of its own ever loads it.

Standard library only. Where a compiler is missing this says so in one line and is content.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ari_app.pbx import SandboxError
from ari_app.pbx.apt import PrivateApt
from ari_app.pbx.installation import PREFIX

FOLDER = Path("var/phone")
"Where it is built; the module is in its folder `lib`."
PJSIP = "6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa"
"SHA-256 of the tarball that this recipe was tried with: PJSIP 2.17."
SWIG = "swig==4.5.1"
"From PyPI, a wheel with the program inside."
CONFIG_SITE = """\
#define PJMEDIA_HAS_VIDEO 0
#define PJMEDIA_HAS_SRTP 0
#define PJSUA_MAX_CALLS 128
#define PJ_IOQUEUE_MAX_HANDLES 1024
"""
"Calls and sockets: the defaults stop at 17 calls."
LEFT_OUT = (
    *("video", "sound", "resample", "ssl", "upnp", "sdl", "ffmpeg", "v4l2", "openh264", "vpx"),
    *("speex-aec", "speex-codec", "gsm-codec", "ilbc-codec", "g7221-codec", "opencore-amr"),
    *("silk", "opus", "bcg729", "lyra", "libsrtp", "libyuv", "libwebrtc"),
)
"Options of PJSIP's configure that a headless phone for G.711 does without."


def main() -> int:
    """Build unless it is built; the exit status."""
    build = Build(FOLDER.resolve(), PREFIX)
    try:
        if build.current():
            print(f"pjsua2 is built ({FOLDER}/lib)")
            return 0
        missing = missing_tools()
        if missing:
            print(f"pjsua2 needs {', '.join(missing)}: the minimal phone will be used")
            return 0
        build.run()
    except SandboxError as error:
        print(f"phone: {error}", file=sys.stderr)
        return 1
    return 0


def missing_tools() -> list[str]:
    """What a build needs and this machine does not have."""
    missing = [tool for tool in ("gcc", "g++", "make", "tar", "xz") if not shutil.which(tool)]
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        missing.append("the headers of Python (python3-dev)")
    pip = [sys.executable, "-m", "pip", "--version"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        missing.append("pip")
    return missing


@dataclass(frozen=True)
class Build:
    """One folder with pjsua2, and how it comes to be."""

    folder: Path
    "Absolute."
    prefix: Path
    "Where the private apt lives."

    @property
    def lib(self) -> Path:
        """Holds pjsua2.py and its shared object."""
        return self.folder / "lib"

    @property
    def _stamp(self) -> Path:
        return self.lib / "built.json"

    def current(self) -> bool:
        """Is what is there made by this recipe for this Python?"""
        return self._stamp.is_file() and json.loads(self._stamp.read_text())["made"] == _made_of()

    def run(self) -> None:
        """Build and install. Raises SandboxError; its log is in the folder."""
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "build.log").unlink(missing_ok=True)
        tarball = self._tarball()
        with ThreadPoolExecutor(1) as pool:
            swig = pool.submit(self._fetch_swig)
            tree = self._configure(tarball)
            swig.result()
        with self._step("compiling PJSIP and its Python binding"), ThreadPoolExecutor(1) as pool:
            wrapper = pool.submit(self._compile_wrapper, tree)
            self._tool(["make", f"-j{os.cpu_count()}", "lib"], tree)
            wrapper.result()
        version = self._install(tree)
        for left in ("pjsip", "swig"):
            shutil.rmtree(self.folder / left)
        print(f"pjsua2 {version} built into {self.lib} in {time.monotonic() - began:.0f} s")

    def _tarball(self) -> Path:
        source = PrivateApt(self.prefix).source("asterisk")
        found = sorted(source.glob("*.orig-Xpjproject.tar.*"))
        if not found:
            raise SandboxError(f"no PJSIP in Asterisk's source package: {source}")
        if hashlib.sha256(found[-1].read_bytes()).hexdigest() != PJSIP:
            print(f"warning: this recipe was not tried with {found[-1].name}")
        return found[-1]

    def _fetch_swig(self) -> None:
        shutil.rmtree(self.folder / "swig", ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        self._tool([*pip, "--target", str(self.folder / "swig"), SWIG], self.folder)

    def _configure(self, tarball: Path) -> Path:
        tree = self.folder / "pjsip"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir()
        with self._step("configuring PJSIP"):
            self._tool(["tar", "-xf", str(tarball), "--strip-components=1"], tree)
            # Debian took this file out of the tarball, for its licence
            makefile = tree / "pjmedia/build/Makefile"
            makefile.write_text(makefile.read_text().replace(" bdimad_dev.o", ""))
            (tree / "pjlib/include/pj/config_site.h").write_text(CONFIG_SITE)
            without = [f"--disable-{name}" for name in LEFT_OUT]
            self._tool(["./aconfigure", "--enable-epoll", *without], tree, CFLAGS="-O2 -fPIC")
            self._tool(["make", "dep"], tree)
        return tree

    def _compile_wrapper(self, tree: Path) -> None:
        """Unoptimised: it only passes arguments on, and the compiler is four times as fast."""
        where = tree / "pjsip-apps/src/swig/python"
        swig = self.folder / "swig"
        path = f"{swig / 'bin'}:{os.environ['PATH']}"
        self._tool(["make", "pjsua2_wrap.cpp"], where, PATH=path, PYTHONPATH=str(swig))
        flags = [flag for flag in self._asked(where, "cflags") if flag[:2] in ("-D", "-I")]
        include = f"-I{sysconfig.get_path('include')}"
        words = ["-c", "-O0", "-fPIC", "-w", include, *flags, "pjsua2_wrap.cpp"]
        self._tool(["g++", *words, "-o", "pjsua2_wrap.o"], where)

    def _install(self, tree: Path) -> str:
        """Link beside the target, then move it there whole."""
        where, fresh = tree / "pjsip-apps/src/swig/python", self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        libraries = [f"-l{name}" for name in self._asked(where, "libs")]
        words = ["-shared", "-s", "pjsua2_wrap.o", *self._asked(where, "ldflags"), *libraries]
        self._tool(["g++", *words, "-o", str(fresh / "_pjsua2.so")], where)
        shutil.copy(where / "pjsua2.py", fresh)
        tell = "import pjsua2; print(pjsua2.Endpoint().libVersion().full)"
        version = self._tool([sys.executable, "-c", tell], fresh).split()[-1]
        (fresh / "built.json").write_text(json.dumps({"made": _made_of(), "version": version}))
        shutil.rmtree(self.lib, ignore_errors=True)
        fresh.rename(self.lib)
        return version

    def _asked(self, where: Path, what: str) -> list[str]:
        """PJSIP's own flags, by the makefile that its setup.py asks."""
        return self._tool(["make", "--no-print-directory", "-f", "helper.mak", what], where).split()

    def _tool(self, argv: list[str], cwd: Path, **environment: str) -> str:
        """Standard output; everything goes to the log too."""
        done = subprocess.run(
            argv,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        log = self.folder / "build.log"
        with log.open("a") as file:
            file.write(f"$ {' '.join(argv)}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            raise SandboxError(f"{argv[0]} {argv[-1]} failed: see {log}")
        return done.stdout

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        print(f"{what} ({time.monotonic() - began:.1f} s)", flush=True)


def _made_of() -> str:
    """Changes with this recipe and with Python's binary interface."""
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"{sysconfig.get_config_var('SOABI')} {recipe}"


if __name__ == "__main__":
    sys.exit(main())
