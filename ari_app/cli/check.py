"""`attendant check`: what works, what does not, and what to do about it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ari_app.cli import interruptible
from ari_app.cli.probes import Finding, State, local, pbx
from ari_app.config import Secrets, Settings, load
from ari_app.errors import ConfigError

SIGNS: Mapping[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warning": ("!", "yellow"),
    "failed": ("✗", "red"),
    "skipped": ("-", "dim"),
}
"Sign and style of each state."


def run(config: Path, environ: Mapping[str, str], console: Console, *, as_json: bool) -> int:
    """Try everything and report it. The exit status: 0 unless something failed."""
    try:
        settings = load(config)
        secrets = Secrets(environ, settings.secrets_file)
    except ConfigError as error:
        advice = f"Mend {config}; attendant init writes one that is explained line by line."
        shown: dict[str, Any] = {}
        findings = [Finding("settings", "failed", str(error), advice)]
    else:
        shown = effective(settings, secrets)
        working = nullcontext() if as_json else console.status("trying everything …")
        with working:
            findings = interruptible.run(_collect(config, settings, secrets))
    if as_json:
        print(json.dumps(as_object(shown, findings), ensure_ascii=False, indent=2))
    else:
        _report(shown, findings, console)
    return 1 if any(finding.state == "failed" for finding in findings) else 0


async def _collect(config: Path, settings: Settings, secrets: Secrets) -> list[Finding]:
    return [finding async for finding in examine(config, settings, secrets)]


async def examine(config: Path, settings: Settings, secrets: Secrets) -> AsyncIterator[Finding]:
    """Every probe's finding, as they come."""
    yield Finding("settings", "ok", f"{config} is understood")
    for finding in local.flows(settings):
        yield finding
    spoken, word = await local.voice(settings)
    yield spoken
    yield await local.recogniser(settings, word)
    for one in settings.pbx:
        async for finding in pbx.examine(settings, one, secrets):
            yield finding


def effective(settings: Settings, secrets: Secrets) -> dict[str, Any]:
    """The settings as they count, defaults included; of passwords only whether there is one."""
    shown = settings.model_dump(mode="json")
    for entry, one in zip(shown["pbx"], settings.pbx, strict=True):
        try:
            secrets.get(one.password_env)
        except ConfigError:
            entry["password"] = "missing"
        else:
            entry["password"] = "********"
    return shown


def as_object(shown: Mapping[str, Any], findings: Sequence[Finding]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "ok": not any(finding.state == "failed" for finding in findings),
        "findings": [asdict(finding) for finding in findings],
        "settings": shown,
    }


def _report(shown: Mapping[str, Any], findings: Sequence[Finding], console: Console) -> None:
    if shown:
        console.print("The settings as they count:", style="bold")
        text = yaml.safe_dump(dict(shown), sort_keys=False, allow_unicode=True)
        console.print(Text(text, style="dim"), soft_wrap=True)
    table = Table(box=None, show_header=False, padding=(0, 1), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        sign, style = SIGNS[finding.state]
        about = f"{finding.pbx}: {finding.probe}" if finding.pbx else finding.probe
        said = Text(finding.found)
        if finding.advice:
            said.append(f"\n→ {finding.advice}", style="bold" if style == "red" else "default")
        table.add_row(Text(sign, style=style), Text(about), said)
    console.print(table)
    console.print(_summary(findings))


def _summary(findings: Sequence[Finding]) -> Text:
    counts = Counter(finding.state for finding in findings)
    if not counts["failed"]:
        warned = f", {counts['warning']} to look at" if counts["warning"] else ""
        return Text(f"\nReady to serve{warned}.", style="bold green")
    return Text(f"\n{counts['failed']} failed: mend the first one first.", style="bold red")
