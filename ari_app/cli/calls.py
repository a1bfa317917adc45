"""`attendant calls`: the live calls of all workers, from their records."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ari_app.call.record import CallRecord
from ari_app.config import Secrets, load
from ari_app.errors import ConfigError
from ari_app.ports import CallStore
from ari_app.stores.choose import open_store
from ari_app.watch.observed import CallSeen, seen
from ari_app.wiring import store_settings


def run(config: Path, environ: Mapping[str, str], console: Console, *, as_json: bool) -> None:
    """Print them, the oldest first. Raises ConfigError, and StoreUnavailable."""
    settings = load(config)
    found = store_settings(settings, Secrets(environ, settings.secrets_file))
    if found is None:
        raise ConfigError(
            f"{config}: store.kind is 'memory': the records are in the worker's own memory; "
            "expected 'redis' (or ask the worker at its watch port: /calls)"
        )
    records = sorted(asyncio.run(_read(open_store(found))), key=lambda record: record.offered)
    live = [seen(record, time.time()) for record in records]
    if as_json:
        print(json.dumps({"calls": [asdict(call) for call in live]}, indent=2))
    else:
        console.print(_table(live) if live else "No live calls.")


async def _read(store: CallStore) -> tuple[CallRecord, ...]:
    try:
        return await store.calls()
    finally:
        await store.close()


def _table(live: Iterable[CallSeen]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("call", "worker", "pbx", "phase", "profile"):
        table.add_column(name, no_wrap=True)
    table.add_column("since", justify="right")
    for call in live:
        minutes, seconds = divmod(round(call.seconds), 60)
        row = (call.call, call.worker, call.pbx, call.phase, call.profile)
        table.add_row(*row, f"{minutes}:{seconds:02}")
    return table
