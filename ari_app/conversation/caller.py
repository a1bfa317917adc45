"""What does the agent know of the caller's turn?"""

from ari_app.conversation.commands import Command, SendEdge
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.turns import Turn, Turns
from ari_app.conversation.values import EdgeKind, TurnEdge


class Caller:
    """Follows the caller's turns and tells the agent of them: every BEGAN is followed by one
    ENDED or DISMISSED. While we may not be interrupted nothing is told; it is made up for when
    we have finished."""

    def __init__(self, settings: FloorSettings, stream: StreamTime) -> None:
        self.turns = Turns(settings.longest_turn)
        self.last: Turn | None = None
        "The last turn of which the agent was told that it ended."
        self._shortest = settings.shortest_turn
        self._stream = stream
        self._told = False
        "The agent knows that the open turn began."

    def tell_began(self) -> tuple[Command, ...]:
        """The agent may know of the open turn now; told once."""
        if self._told or not self.turns.is_open:
            return ()
        self._told = True
        return (edge(EdgeKind.BEGAN, self.turns.began),)

    def end(self, now: float) -> tuple[Command, ...]:
        """The open turn is over: answer it, unless it was too little to be one."""
        turn = self.turns.close(self._stream.at(now), now)
        if turn.voiced < self._shortest:
            return self._forget(turn)
        began = () if self._told else (edge(EdgeKind.BEGAN, turn.began),)
        self._told, self.last = False, turn
        return (*began, edge(EdgeKind.ENDED, turn.ended))

    def dismiss(self, now: float) -> tuple[Command, ...]:
        """What was said was no turn: the agent forgets it."""
        return self._forget(self.turns.close(self._stream.at(now), now))

    def _forget(self, turn: Turn) -> tuple[Command, ...]:
        told, self._told = self._told, False
        return (edge(EdgeKind.DISMISSED, turn.ended),) if told else ()


def edge(kind: EdgeKind, at: float) -> Command:
    return SendEdge(TurnEdge(kind, at))
