"""When may we let the caller go? Only when everything was said."""

from dataclasses import dataclass

from ari_app.conversation.commands import AnswerTool, Command, GiveUp, HandOver, HangUp
from ari_app.conversation.values import SessionFailed, ToolAsked


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

    A caller who speaks up withdraws a hang-up; a hand-over, once asked for, goes on. An agent
    that is lost meanwhile has done its part.
    """

    def __init__(self) -> None:
        self._failed = ""
        self.pending: Leave | None = None
        self.over = False
        "The caller was let go; nothing more is said."

    def ask(self, event: ToolAsked) -> tuple[Command, ...]:
        """The agent wants to let the caller go; what it is told if that cannot be."""
        command = _wish(event)
        if command is None:
            return (AnswerTool(event.call, "refused: no such tool or destination"),)
        if self.pending is not None or self.over:
            return (AnswerTool(event.call, "refused: the caller leaves already"),)
        self.pending = Leave(command, event.call)
        return ()

    def hang_up(self, reason: str) -> None:
        """We want to let the caller go ourselves."""
        self.pending = self.pending or Leave(HangUp(reason))

    def fail(self, event: SessionFailed) -> tuple[Command, ...]:
        """The agent is lost: told once, and only if it is still needed."""
        first, self._failed = not self._failed, self._failed or event.reason or "session ended"
        needed = self.pending is None and not self.over
        return (GiveUp(self._failed),) if first and needed else ()

    def withdraw(self) -> tuple[Command, ...]:
        """The caller took part again."""
        if self.pending is None or not self.pending.withdrawable:
            return ()
        call, self.pending = self.pending.call, None
        if self._failed:
            return (GiveUp(self._failed),)
        return (AnswerTool(call, "withdrawn: the caller spoke up"),) if call else ()

    def due_at(self, said_at: float, *, listening: bool) -> float:
        """When (`now`) the caller is let go.

        said_at: when everything will have been said, at the latest; listening: the caller is
        saying something.
        """
        if self.pending is None or (listening and self.pending.withdrawable):
            return float("inf")
        return said_at

    def go(self) -> tuple[Command, ...]:
        """It is due."""
        pending, self.pending = self.pending, None
        self.over = self.over or pending is not None
        return () if pending is None else (pending.command,)


def _wish(event: ToolAsked) -> HandOver | HangUp | None:
    reason = event.arguments.get("reason", "")
    destination = event.arguments.get("destination", "")
    if event.name == "hand_over" and destination:
        return HandOver(destination, reason)
    return HangUp(reason) if event.name == "hang_up" else None
