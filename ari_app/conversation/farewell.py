"""When may we let the caller go? Only when everything was said."""

from dataclasses import dataclass

from ari_app.conversation.commands import HandOver, HangUp


@dataclass(frozen=True)
class Leave:
    """What is asked for, and the tool call that asked; '' for our own wish."""

    command: HandOver | HangUp
    call: str = ""

    @property
    def withdrawable(self) -> bool:
        """Only until the caller speaks up."""
        return isinstance(self.command, HangUp)


class Farewell:
    """Holds one hand-over or hang-up until it may be carried out.

    A caller who speaks up withdraws a hang-up; a hand-over, once asked for, goes on.
    """

    def __init__(self, stalled: float) -> None:
        self._stalled = stalled
        self._asked = 0.0
        self.pending: Leave | None = None
        self.over = False
        "The caller was let go; nothing more is said."

    def ask(self, leave: Leave, now: float) -> bool:
        """False when the caller leaves already."""
        if self.pending is not None or self.over:
            return False
        self.pending, self._asked = leave, now
        return True

    def withdraw(self) -> Leave | None:
        """The caller took part again. What was withdrawn, if anything."""
        if self.pending is None or not self.pending.withdrawable:
            return None
        withdrawn, self.pending = self.pending, None
        return withdrawn

    def stalled_at(self, progress: float) -> float:
        """When (`now`) we wait no longer for speech that made no progress since then."""
        return max(progress, self._asked) + self._stalled

    def go(self) -> HandOver | HangUp | None:
        """Everything was said."""
        if self.pending is None:
            return None
        command, self.pending, self.over = self.pending.command, None, True
        return command
