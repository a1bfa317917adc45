"""Debian packages without root: an apt of our own under a prefix, unpacked with dpkg-deb.

The host is never touched: its package lists, its dpkg database and its files stay as they are.
What is shared is how it reaches the network: proxies, certificates and its Debian mirror.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ari_app.pbx import SandboxError
from ari_app.pbx.host_tools import run
from ari_app.pbx.launch import wrap_programs
from ari_app.pbx.mirror import debian_mirror

SUITE = "forky"
"The Debian suite that everything is taken from: the first with Asterisk 22."

KEYRINGS = tuple(
    Path(f"/usr/share/keyrings/debian-archive-keyring.{kind}") for kind in ("gpg", "pgp")
)
"Where Debian's keys are on a host that has them (Ubuntu: package debian-archive-keyring)."

LISTS_FRESH = 3600.0
"Seconds for which package lists are used without asking the mirror again."

APT_CONF = """\
Dir "{folder}";
Dir::Etc "{folder}";
Dir::Etc::main "none";
Dir::Etc::parts "none";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "none";
Dir::Etc::preferences "none";
Dir::Etc::preferencesparts "none";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Architecture "{architecture}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Debug::NoLocking "true";
"""

NETWORK_SETTING = re.compile(
    r"Acquire::(https?(::|\s)|Check-Valid-Until|Check-Date|Max-ValidTime)", re.IGNORECASE
)
"Settings of the host's apt that ours follows: how to reach a mirror, how strict dates are."


@dataclass(frozen=True)
class Deb:
    """One binary package, downloaded."""

    path: Path
    name: str
    version: str
    source: str
    control: str


class PrivateApt:
    """An apt whose whole state, cache and result live under one prefix.

    `root` is the unpacked tree, `bin` has a wrapper for each program of the packages asked for.
    """

    def __init__(
        self, prefix: Path, suite: str = SUITE, *, say: Callable[[str], None] = print
    ) -> None:
        self.prefix = prefix.resolve()
        self.suite = suite
        self.root = self.prefix / "root"
        self.bin = self.prefix / "bin"
        self._folder = self.prefix / "apt"
        self._record = self.prefix / "versions.json"
        self._say = say
        self._environment = {"APT_CONFIG": str(self._folder / "apt.conf")}

    def versions(self) -> dict[str, str]:
        """The unpacked packages and their versions."""
        return self._read_record()["packages"]

    def unpack(self, packages: Iterable[str]) -> dict[str, str]:
        """Unpack the packages and what they depend on into `root`, unless they are there.

        Returns the versions of the packages asked for. Raises SandboxError with one line.
        """
        wanted = list(dict.fromkeys(packages))
        if not set(wanted) <= self.versions().keys():
            with self._alone():
                missing = [name for name in wanted if name not in self.versions()]
                if missing:
                    self._unpack(missing)
        return {name: self.versions()[name] for name in wanted}

    def source(self, package: str) -> Path:
        """Download the source package (.dsc and tarballs, not extracted) and return its folder."""
        folder = self.prefix / "src" / package
        if not any(folder.glob("*.dsc")):
            with self._alone():
                self._update(sources=True)
                folder.mkdir(parents=True, exist_ok=True)
                with self._step(f"downloading the source of {package}"):
                    self._apt("source", "--download-only", package, cwd=folder)
        return folder

    # The steps.

    def _unpack(self, names: list[str]) -> None:
        self._update()
        archives = self._folder / "cache/archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        with self._step(f"downloading {' '.join(names)}") as done:
            self._apt("install", "--download-only", "-y", *names)
            paths = sorted(archives.glob("*.deb"))
            done(f"{len(paths)} packages, {sum(path.stat().st_size for path in paths) >> 20} MB")
        with self._step(f"unpacking into {self.root}"):
            self.extract(paths, names)
        shutil.rmtree(archives)

    def extract(self, paths: Iterable[Path], names: list[str]) -> None:
        """Unpack downloaded packages; those named, and others of their source, get wrappers."""
        debs = [_inspect(path) for path in paths]
        self.root.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda deb: _extract(deb.path, self.root), debs))
        sources = {deb.source for deb in debs if deb.name in names}
        programs = {
            program for deb in debs if deb.source in sources for program in _programs(deb.path)
        }
        wrap_programs(self.root, self.bin, programs)
        with (self._folder / "status").open("a", encoding="utf-8") as status:
            status.writelines(f"{deb.control}Status: install ok installed\n\n" for deb in debs)
        record = self._read_record()
        record["packages"].update({deb.name: deb.version for deb in debs})
        self._record.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")

    def _update(self, *, sources: bool = False) -> None:
        """Make our apt's package lists fresh; once source packages were asked for, theirs too."""
        stamp, listed = self._folder / "updated", self._folder / "sources.list"
        before = listed.read_text() if listed.exists() else ""
        age = time.time() - stamp.stat().st_mtime if stamp.exists() else math.inf
        if age < LISTS_FRESH and (not sources or "deb-src" in before):
            return
        kinds = ["deb", "deb-src"] if sources or "deb-src" in before else ["deb"]
        keyring = self._keyring()
        with self._step(f"reading {self.suite}'s package lists"):
            self._configure(kinds, keyring)
            try:
                self._apt("update")
            except SandboxError as error:
                if "NO_PUBKEY" not in str(error) or keyring.is_relative_to(self.prefix):
                    raise
                self._configure(kinds, self._fetch_keyring("this host's Debian keys are too old"))
                self._apt("update")
        stamp.touch()

    def _configure(self, kinds: list[str], keyring: Path) -> None:
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        architecture = run(["dpkg", "--print-architecture"], "asking for the architecture").strip()
        settings = run(["apt-config", "dump", "Acquire"], "reading the host's apt settings")
        network = [line for line in settings.splitlines() if NETWORK_SETTING.match(line)]
        conf = APT_CONF.format(folder=self._folder, architecture=architecture)
        (self._folder / "apt.conf").write_text("\n".join([conf, *network, ""]))
        archive = f"[signed-by={keyring}] {debian_mirror()} {self.suite} main"
        (self._folder / "sources.list").write_text("".join(f"{kind} {archive}\n" for kind in kinds))

    def _keyring(self) -> Path:
        own = self.prefix / "keyring" / KEYRINGS[0].relative_to("/")
        for path in (own, *KEYRINGS):
            if path.is_file():
                return path
        return self._fetch_keyring("this host has no Debian keys")

    def _fetch_keyring(self, why: str) -> Path:
        """Debian's keys from the host's own archive, whose signature the host's apt checks."""
        with self._step(f"{why}: fetching debian-archive-keyring from its own archive"):
            folder = self.prefix / "keyring"
            state = folder / "state"
            (state / "lists/partial").mkdir(parents=True, exist_ok=True)
            private = ["-o", f"Dir::State={state}", "-o", f"Dir::Cache={folder}/cache"]
            private += ["-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=true"]
            doing = "fetching debian-archive-keyring"
            run(["apt-get", *private, "update"], doing)
            run(["apt-get", *private, "download", "debian-archive-keyring"], doing, cwd=folder)
            for deb in folder.glob("*.deb"):
                _extract(deb, folder)
            shutil.rmtree(state)
        for path in KEYRINGS:
            if (folder / path.relative_to("/")).is_file():
                return folder / path.relative_to("/")
        raise SandboxError(f"{doing}: the package holds none of {', '.join(map(str, KEYRINGS))}")

    # Small parts.

    def _apt(self, *words: str, cwd: Path | None = None) -> None:
        doing = f"apt-get {words[0]} ({self.suite} from {debian_mirror()})"
        run(["apt-get", "-q", *words], doing, cwd=cwd, environment=self._environment)

    def _read_record(self) -> dict[str, dict[str, str]]:
        if not self._record.exists():
            return {"from": {"suite": self.suite, "mirror": debian_mirror()}, "packages": {}}
        record: dict[str, dict[str, str]] = json.loads(self._record.read_text())
        if record["from"]["suite"] != self.suite:
            raise SandboxError(
                f"{self.prefix} holds packages of {record['from']['suite']}, not {self.suite}: "
                "name another --prefix, or remove it"
            )
        return record

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One installation at a time into a prefix, also between processes."""
        self.prefix.mkdir(parents=True, exist_ok=True)
        with (self.prefix / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _step(self, what: str) -> Iterator[Callable[[str], None]]:
        """Say what was done, with what came out of it and how long it took."""
        began = time.monotonic()
        notes: list[str] = []
        yield notes.append
        notes.append(f"{time.monotonic() - began:.1f} s")
        self._say(f"{what} ({', '.join(notes)})")


def _inspect(path: Path) -> Deb:
    control = run(["dpkg-deb", "--field", path], f"reading {path.name}")
    fields: dict[str, str] = dict(re.findall(r"^([\w-]+): (.*)$", control, re.MULTILINE))
    name = fields["Package"]
    source = fields.get("Source", name).partition(" ")[0]
    return Deb(path, name, fields["Version"], source, control)


def _extract(deb: Path, folder: Path) -> None:
    run(["dpkg-deb", "--extract", deb, folder], f"unpacking {deb.name}")


def _programs(deb: Path) -> list[str]:
    """Paths in the package, without a leading slash, of what it puts on the PATH."""
    listing = run(["dpkg-deb", "--contents", deb], f"reading {deb.name}")
    return re.findall(r" \./(usr/(?:s?bin|games)/[^/ \n]+)(?: -> .*)?$", listing, re.MULTILINE)
