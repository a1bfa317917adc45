"""What can be asked over HTTP: GET only, nothing is changed by it, no callers' data is in it.

/health    200 while the event loop turns: if not, restart the worker
/ready     200 when a new call may come, else 503 and why
/metrics   for Prometheus
/calls     the live calls
"""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from ari_app.errors import ConfigError
from ari_app.watch.figures import Figures
from ari_app.watch.observed import Observed


class WatchServer:
    """Serves from `start` to `close`. Port 0 takes a free one."""

    def __init__(self, bind: str, port: int, worker: Observed, figures: Figures) -> None:
        self._bind, self._port = bind, port
        self._worker = worker
        self._figures = figures
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/calls", self._calls)
        app.on_response_prepare.append(_never_kept)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens; only while it does."""
        host, port = self._runner.addresses[0][:2]
        return host, port

    async def start(self) -> None:
        """Raises ConfigError when the port is not to be had."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._bind, self._port).start()
        except (OSError, OverflowError) as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"watch.bind: cannot listen at {self._bind}:{self._port} ({error}); expected an "
                "address of this host and a free TCP port for each worker"
            ) from error

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _ready(self, request: web.Request) -> web.Response:
        seen = self._worker.snapshot()
        obstacles = seen.obstacles()
        answer: dict[str, Any] = {
            "ready": not obstacles,
            "why": list(obstacles),
            "lines": dict(seen.lines),
            "store": "healthy" if seen.store_healthy else "degraded",
            "calls": len(seen.calls),
            "room": seen.room,
        }
        return web.json_response(answer, status=503 if obstacles else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        headers = {"Content-Type": "text/plain; version=1.0.0; charset=utf-8"}
        return web.Response(body=self._figures.text(), headers=headers)

    async def _calls(self, request: web.Request) -> web.Response:
        seen = self._worker.snapshot()
        return web.json_response({"calls": [asdict(call) for call in seen.calls]})


async def _never_kept(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "attendant"
