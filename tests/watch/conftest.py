"""A worker to be looked at."""

from dataclasses import dataclass, field

import pytest

from ari_app.watch.figures import Figures, Identity
from ari_app.watch.observed import CallSeen, Snapshot

CALLS = (
    CallSeen("k3x", "attendant.3", "main", "talking", "front-desk", 12.5),
    CallSeen("k4x", "attendant.3", "main", "talking", "front-desk", 2.0),
    CallSeen("k5x", "attendant.3", "main", "handing over", "night", 60.0),
)


@dataclass
class Worker:
    """Implements Observed."""

    seen: Snapshot = field(
        default_factory=lambda: Snapshot({"main": True}, room=5, calls=CALLS, counts={"reaped": 2})
    )

    def snapshot(self) -> Snapshot:
        return self.seen


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def figures() -> Figures:
    return Figures(Identity("attendant", 3))
