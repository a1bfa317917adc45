"""What is looked at: one worker at one moment. No numbers, no words of callers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ari_app.call.record import CallRecord
from ari_app.media.lateness import LatenessSeen


@dataclass(frozen=True)
class CallSeen:
    """A live call."""

    call: str
    worker: str
    pbx: str
    phase: str
    profile: str
    seconds: float
    "Since it was offered."


def seen(record: CallRecord, wallclock: float) -> CallSeen:
    """What may be shown of a record. wallclock: now, seconds since the epoch."""
    return CallSeen(
        call=record.call,
        worker=record.worker,
        pbx=record.pbx,
        phase=record.phase,
        profile=record.profile,
        seconds=round(max(0.0, wallclock - record.offered), 1),
    )


@dataclass(frozen=True)
class Snapshot:
    """A worker."""

    lines: Mapping[str, bool]
    "By PBX: are calls from it possible now?"
    store_healthy: bool = True
    "False: live calls go on, but would not outlive this worker."
    draining: bool = False
    room: int = 0
    "How many more calls it would take."
    calls: tuple[CallSeen, ...] = ()
    lateness: LatenessSeen = field(default_factory=LatenessSeen)
    "Of all frames sent since it started."
    counts: Mapping[str, int] = field(default_factory=dict)
    "What its lines have counted, by what: redials, reaped, refused …; a closed set."

    def obstacles(self) -> tuple[str, ...]:
        """Why no new call shall come here; none: it is ready.

        One PBX of several is enough, and so is a store that is away: calls are served without it.
        """
        found = {
            "draining": self.draining,
            "no PBX is connected": not any(self.lines.values()),
            "no room for another call": self.room <= 0,
        }
        return tuple(why for why, true in found.items() if true)


class Observed(Protocol):
    """The worker."""

    def snapshot(self) -> Snapshot:
        """How it is now. Called in the event loop, for every question: shall be quick."""
