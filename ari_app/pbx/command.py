"""The command `asterisk/sandbox`: install, start, stop, cli and status of private PBXs."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from ari_app.errors import AttendantError
from ari_app.pbx.apt import SUITE
from ari_app.pbx.installation import PREFIX, install
from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Errors are one line on standard error."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except AttendantError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """The command line. An option for each field of SandboxSettings."""
    top = argparse.ArgumentParser(prog="sandbox", description="A private Asterisk, without root.")
    commands = top.add_subparsers(required=True, metavar="command")

    one = commands.add_parser("install", help="unpack Asterisk and flite, if need be")
    one.add_argument("packages", nargs="*", metavar="package", help="further Debian packages")
    one.add_argument("--prefix", type=Path, default=PREFIX, help="where to (%(default)s)")
    one.add_argument("--suite", default=SUITE, help="Debian suite (%(default)s)")
    one.add_argument("--unpacked", action="store_true", help="even if the host has an Asterisk")
    one.set_defaults(run=run_install)

    one = commands.add_parser("start", help="start a PBX in the folder RUN")
    one.add_argument("folder", type=Path, metavar="RUN")
    for field in fields(SandboxSettings):
        option = "--" + field.name.replace("_", "-")
        if field.type == "bool":
            one.add_argument(option, action="store_true")
        else:
            kind = int if field.type == "int" else str
            one.add_argument(option, type=kind, default=field.default, help="%(default)s")
    one.set_defaults(run=run_start)

    one = commands.add_parser("stop", help="stop it; no process is left")
    one.add_argument("folder", type=Path, metavar="RUN")
    one.set_defaults(run=run_stop)

    one = commands.add_parser("cli", help="ask its console")
    one.add_argument("folder", type=Path, metavar="RUN")
    one.add_argument("command", help="like 'core show channels'")
    one.set_defaults(run=run_cli)

    one = commands.add_parser("status", help="tell about one, or list those that run")
    one.add_argument("folder", type=Path, metavar="RUN", nargs="?")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_status)
    return top


def run_install(arguments: argparse.Namespace) -> int:
    install(arguments.prefix, arguments.suite, arguments.packages, unpacked=arguments.unpacked)
    return 0


def run_start(arguments: argparse.Namespace) -> int:
    names = [field.name for field in fields(SandboxSettings)]
    settings = SandboxSettings(**{name: getattr(arguments, name) for name in names})
    sandbox = Sandbox(arguments.folder, settings)
    began = time.monotonic()
    sandbox.start()
    took = time.monotonic() - began
    print(f"Asterisk {sandbox.installation.version} up in {took:.1f} s, pid {sandbox.pid()}")
    print(f"ARI {sandbox.ari_url} as {sandbox.ari_user}, password in {sandbox.ari_password_file}")
    print(f"SIP {':'.join(map(str, sandbox.sip_address))}; log {sandbox.log}")
    return 0


def run_stop(arguments: argparse.Namespace) -> int:
    sandbox = Sandbox(arguments.folder)
    print("stopped" if sandbox.pid() else "was not running")
    sandbox.stop()
    return 0


def run_cli(arguments: argparse.Namespace) -> int:
    sys.stdout.write(Sandbox(arguments.folder).cli(arguments.command))
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    folders = [arguments.folder] if arguments.folder else running_folders()
    found = [Sandbox(folder).status() for folder in folders]
    if arguments.json:
        print(json.dumps(found[0] if arguments.folder else found, indent=1))
        return 0
    for status in found:
        for name, value in status.items():
            print(f"{name:18} {value if not isinstance(value, dict) else json.dumps(value)}")
        print()
    if not found:
        print("none is running")
    return 0


def running_folders() -> list[Path]:
    """The run folders of all private PBXs of this machine that we may see."""
    folders = []
    for command_line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command_line.read_text(errors="replace").split("\0")
        except OSError:  # it has just ended
            continue
        if "-C" in words and "-f" in words:
            folder = Path(words[words.index("-C") + 1]).parent.parent
            if (folder / "sandbox.json").is_file():
                folders.append(folder)
    return sorted(set(folders))
