"""A server that speaks ARI, and a shared line to it."""

from collections.abc import AsyncIterator

import pytest

from ari_app.ari.pace import Pace
from ari_app.ari.settings import PbxSettings
from ari_app.ari.shared import SharedLines
from tests.support.ari_server import AriServer

QUICK = Pace(first=0.02, most=0.05, replaced=0.2, settle=0.05, echo=0.1, deaf=0.2)


@pytest.fixture
async def server() -> AsyncIterator[AriServer]:
    async with AriServer().running() as running:
        yield running


@pytest.fixture
async def lines(server: AriServer) -> AsyncIterator[SharedLines]:
    """Not started: a test may arrange the server first."""
    settings = PbxSettings(url=server.url, user=server.user, password=server.password, timeout=0.3)
    shared = SharedLines(settings, QUICK)
    yield shared
    await shared.close()
