"""A worker to be looked at."""

from dataclasses import dataclass, field

import pytest

from ari_app.watch.figures import Figures, Identity
from ari_app.watch.observed import CallSeen, Snapshot

CALLS = (
    CallSeen("k3x", "talking", 12.5, "front-desk"),
    CallSeen("k4x", "talking", 2.0, "front-desk"),
    CallSeen("k5x", "handing over", 60.0, "night"),
)


@dataclass
class Worker:
    """Implements Observed."""

    seen: Snapshot = field(default_factory=lambda: Snapshot({"main": True}, room=5, calls=CALLS))

    def snapshot(self) -> Snapshot:
        return self.seen


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def figures() -> Figures:
    return Figures(Identity("attendant", 3))
