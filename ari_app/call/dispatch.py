"""Which method answers this event now? The table says; a method of that name does it."""

from collections.abc import Callable

from ari_app.call.commands import Command
from ari_app.call.deadlines import Deadlines
from ari_app.call.events import Event
from ari_app.call.table import TRANSITIONS, Phase, Verdict, key, verdict
from ari_app.errors import UnexpectedEvent

Commands = tuple[Command, ...]
Action = Callable[[Event, float], Commands]


class Dispatch:
    """A machine whose actions are its methods: `_<action>` for rows, `_on_<name>` for deadlines."""

    def __init__(self) -> None:
        self.phase = Phase.OFFERED
        self.ignored = 0
        self._deadlines = Deadlines()

    def handle(self, event: Event, now: float) -> Commands:
        """Take one event. Raises UnexpectedEvent, changing nothing, for what cannot be."""
        name = key(event)
        found = verdict(self.phase, name)
        if found is Verdict.BUG:
            raise UnexpectedEvent(f"{name} while {self.phase.value}")
        if found is Verdict.IGNORE:
            self.ignored += 1
            return ()
        row, before = TRANSITIONS[self.phase, name], self.phase
        commands = self._action(row.action)(event, now)
        if self.phase is not before and self.phase not in row.to:
            raise AssertionError(f"{row} moved to {self.phase}, which the table does not say")
        return commands

    def deadline(self) -> float | None:
        """When to send a Tick, in the clock of `now`; None: never."""
        return self._deadlines.first()

    def _wake(self, event: Event, now: float) -> Commands:
        commands: list[Command] = []
        for name in self._deadlines.due(now):
            commands += self._action(f"on_{name.replace(' ', '_')}")(event, now)
        return tuple(commands)

    def _action(self, name: str) -> Action:
        action: Action = getattr(self, f"_{name}")
        return action
