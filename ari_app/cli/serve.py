"""`attendant serve`: one worker, until it is told to stop."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import structlog

from ari_app.app import App
from ari_app.config import Secrets, load


def run(config: Path, worker: int | None) -> None:
    """Serve until SIGTERM or SIGINT. Raises ConfigError before anything is started.

    worker: its number, if not the one in the settings.
    """
    set_up_logging()
    settings = load(config)
    if worker is not None:
        settings = settings.as_worker(worker)
    structlog.contextvars.bind_contextvars(worker=settings.worker)
    secrets = Secrets(os.environ, settings.secrets_file)
    asyncio.run(_serve(App(settings, secrets)))


async def _serve(worker: App) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await worker.run(stop)


def set_up_logging() -> None:
    """Structured lines on standard error: for eyes on a terminal, JSON otherwise."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # In one write each: the lines of several workers must not run into each other.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
