"""The stream of facts that is written down anyway, counted on its way."""

from typing import Protocol

from ari_app.ports import Journal
from ari_app.watch.figures import Fact, Figures


class OpenJournal(Journal, Protocol):
    """One that must be closed."""

    def close(self) -> None: ...


class CountedJournal:
    """Implements ports.Journal: every entry goes on to `inner`, some into the figures.

    Counted are phase (phase, outcome), adopted, adoption_failed, turn (decided, answered) and
    barge_in (committed, paused); what was said or pressed is not looked at.
    """

    def __init__(self, inner: OpenJournal, figures: Figures) -> None:
        self._inner = inner
        self._figures = figures

    def write(self, call: str, kind: str, at: float, **facts: Fact) -> None:
        match kind, facts:
            case "phase", {"phase": str(phase), "outcome": str(outcome)}:
                self._figures.entered(phase, outcome, at)
            case "adopted", _:
                self._figures.adoption("adopted")
            case "adoption_failed", _:
                self._figures.adoption("failed")
            case "turn", {"decided": float(decided), "answered": float(answered)}:
                self._figures.turn(decided, answered)
            case "barge_in", {"committed": bool(committed), "paused": float(paused)}:
                self._figures.barge_in(committed, paused)
            case "barge_in", {"committed": bool(committed)}:
                self._figures.barge_in(committed, None)
        self._inner.write(call, kind, at, **facts)

    def close(self) -> None:
        self._inner.close()
