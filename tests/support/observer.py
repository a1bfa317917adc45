"""ari-py as an independent observer: what is left on a PBX is counted by somebody else's code.

ari 0.1.3 and swaggerpy 0.2.1 were published for Python 2. They are fetched from the package index,
checked against their hashes, converted by the few mechanical rules below and kept in a folder of
their own; they run in a process of their own, never in ours.

    Observer(url, user, password).leftovers() -> ["channel attendant.1.x.m1 UnicastRTP/…", …]
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / "var" / "observer"

SOURCES = {
    "ari": ("0.1.3", "adf8bd4b2b984dfb8fdbb2a87e76da8b9e7984fdf3f5e72f49bc92d6c12a940e"),
    "swaggerpy": ("0.2.1", "fa54bc2b17eb9ed181bc0b5321b180839f14ce6c86792450d92e9fcdb1acad1f"),
}
"Version and SHA-256 of the source archive, by package."

REQUIREMENTS = ("requests", "websocket-client")
"What both need, from the same index."

RULES = (
    (r"^import client$", "from ari import client"),
    (r"^from (swagger_model|processors) import", r"from swaggerpy.\1 import"),
    (r"^import urlparse$", "import urllib.parse as urlparse"),
    (r"^import urllib$", "import urllib.parse\nimport urllib.request"),
    (r"\burllib\.urlencode\b", "urllib.parse.urlencode"),
    (r"\burllib\.(urlopen|pathname2url)\b", r"urllib.request.\1"),
    (r"\bobj\.values\(\)\[0\]", "list(obj.values())[0]"),
    (r"re\.match\('''", "re.match(r'''"),
)
"Python 2 to Python 3, as far as these two need it."

PROGRAM = """
import json, sys, ari
url, user = sys.argv[1:]
client = ari.connect(url, user, sys.stdin.read())
channels = ["channel %s %s" % (c.id, c.json["name"]) for c in client.channels.list()]
bridges = ["bridge %s %s" % (b.id, b.json["technology"]) for b in client.bridges.list()]
client.close()
print(json.dumps(channels + bridges))
"""


class ObserverUnavailable(Exception):
    """ari-py cannot be fetched here; the message says why."""


def converted(source: str) -> str:
    """One module of theirs, as Python 3."""
    for pattern, replacement in RULES:
        source = re.sub(pattern, replacement, source, flags=re.MULTILINE)
    return source


def prepared(cache: Path = CACHE) -> Path:
    """The folder to import ari from, made the first time. Raises ObserverUnavailable."""
    recipe = repr((SOURCES, REQUIREMENTS, RULES, sys.version_info[:2]))
    folder = cache / hashlib.sha256(recipe.encode()).hexdigest()[:12]
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            site = Path(scratch) / "site"
            _pip("install", "--target", str(site), *REQUIREMENTS)
            for package, (version, digest) in SOURCES.items():
                _convert(_fetch(package, version, digest, Path(scratch)), package, site)
            if not folder.is_dir():
                shutil.move(site, folder)
    return folder


def _pip(*arguments: str) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *arguments]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ObserverUnavailable(f"ari-py, the independent observer, cannot be had: {reason}")


def _fetch(package: str, version: str, digest: str, scratch: Path) -> Path:
    wanted = f"{package}=={version}"
    _pip("download", "--no-deps", "--no-binary", ":all:", "-d", str(scratch), wanted)
    archive = scratch / f"{package}-{version}.tar.gz"
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != digest:
        raise ObserverUnavailable(f"{archive.name}: expected SHA-256 {digest}, got {found}")
    return archive


def _convert(archive: Path, package: str, site: Path) -> None:
    (site / package).mkdir()
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = Path(member.name)
            if path.suffix == ".py" and path.parts[1:-1] == (package,):
                content = tar.extractfile(member)
                assert content is not None
                (site / package / path.name).write_text(converted(content.read().decode()))


@dataclass(frozen=True)
class Observer:
    """Looks at one PBX through ari-py. Raises ObserverUnavailable when ari-py cannot be had."""

    url: str
    "http://127.0.0.1:8088, with or without /ari."
    user: str
    password: str = field(repr=False)

    def leftovers(self) -> list[str]:
        """All channels and bridges that there are, one line each."""
        environment = {**os.environ, "PYTHONPATH": str(prepared()), "NO_PROXY": "*"}
        base = self.url.rstrip("/").removesuffix("/ari") + "/"
        seen = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, base, self.user],
            input=self.password,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert seen.returncode == 0, f"ari-py failed: {seen.stderr}"
        leftovers: list[str] = json.loads(seen.stdout)
        return leftovers
