"""Debian packages without root: an apt of our own under a prefix, unpacked with dpkg-deb.

The host is never touched: its package lists, its dpkg database and its files stay as they are.
What it does share is how it reaches the network: proxies, certificates and its Debian mirror.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ari_app.pbx import SandboxError
from ari_app.pbx.launch import wrap_programs
from ari_app.pbx.mirror import debian_mirror

SUITE = "forky"
"The Debian suite everything is taken from: the first with Asterisk 22."

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
"Where Debian and Ubuntu keep the keys that Debian signs its suites with."

NETWORK_SETTINGS = re.compile(r"Acquire::(https?(::|\s)|Check-Valid-Until|Check-Date|Max-ValidTime)", re.I)
"The host's apt settings that our apt follows: how to reach a mirror, how strictly to read dates."

APT_CONF = """\
Dir "{prefix}/apt";
Dir::Etc "{prefix}/apt";
Dir::Etc::main "none";
Dir::Etc::parts "none";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "none";
Dir::Etc::preferences "none";
Dir::Etc::preferencesparts "none";
Dir::State "{prefix}/apt/state";
Dir::State::status "{prefix}/apt/status";
Dir::Cache "{prefix}/apt/cache";
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
{network}
"""


def run(argv: Sequence[str], doing: str, **options: object) -> str:
    """Run a tool of the host; its standard output, or a SandboxError of one line."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", **dict(options.pop("env", None) or {})}  # type: ignore[call-overload]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, env=environment, **options)  # type: ignore[call-overload]
    except FileNotFoundError as error:
        raise SandboxError(f"{doing}: this needs {argv[0]}, which is not on this machine") from error
    if done.returncode:
        raise SandboxError(f"{doing}: {_telling_line(done.stdout + done.stderr)}")
    return str(done.stdout)
