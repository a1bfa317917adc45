"""What systemd is told of a service of Type=notify: sd_notify(3), sd_watchdog_enabled(3)."""

import asyncio
import os
import re
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger()


class ServiceNotices:
    """Datagrams to $NOTIFY_SOCKET; without one everything here does nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # in the abstract namespace
            self._address = "\0" + self._address[1:]
        self.interval = _interval(environ) if self._address else None
        "Seconds between signs of life; None: nobody waits for them."

    def say(self, *states: str) -> None:
        """READY=1, STOPPING=1, STATUS=…; a failure is logged, for the service goes on."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                sender.sendto("\n".join(states).encode(), self._address)
        except OSError as error:
            log.warning("notify_failed", why=error.strerror, states=states)

    async def live(self) -> None:
        """Give signs of life until cancelled: they end when the event loop does not turn."""
        while self.interval is not None:
            self.say("WATCHDOG=1")
            await asyncio.sleep(self.interval)


def _interval(environ: Mapping[str, str]) -> float | None:
    """Half the time after which systemd takes us for dead, as it recommends."""
    limit, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    ours = pid in ("", str(os.getpid()))
    return int(limit) / 2e6 if ours and re.fullmatch("[1-9][0-9]{0,15}", limit) else None
