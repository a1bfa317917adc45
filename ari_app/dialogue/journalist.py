"""How the conversation's facts are written down."""

from ari_app.conversation import commands as ask
from ari_app.conversation.stream_time import StreamTime
from ari_app.ports import Journal

Entry = ask.WriteUtterance | ask.WriteKeys | ask.WriteBargeIn | ask.WriteTurn


class Journalist:
    """Turns the floor's entries into a call's journal, all on one clock: seconds since the call
    was offered.

    agent_said (text, until, cut), caller_said (text, until, by), keys (digits), barge_in
    (committed, by, decided, paused), turn (decided, answered). An entry's `at` is its beginning.
    """

    def __init__(self, journal: Journal, call: str, offered: float, stream: StreamTime) -> None:
        self._journal = journal
        self._call = call
        self._offered = offered
        self._stream = stream

    def write(self, entry: Entry, now: float) -> None:
        at = now - self._offered
        match entry:
            case ask.WriteUtterance():
                self._utterance(entry, now)
            case ask.WriteKeys(digits):
                self._journal.write(self._call, "keys", at, digits=digits)
            case ask.WriteTurn(decided, answered):
                self._journal.write(self._call, "turn", at, decided=decided, answered=answered)
            case ask.WriteBargeIn(committed, by, paused, decided):
                facts = {} if paused is None else {"paused": paused}
                self._journal.write(
                    self._call, "barge_in", at, committed=committed, by=by, decided=decided, **facts
                )

    def _utterance(self, entry: ask.WriteUtterance, now: float) -> None:
        line = entry.utterance
        began, until = (self._stream.when(at, now) - self._offered for at in (line.at, line.until))
        if line.who == "agent":
            self._journal.write(
                self._call, "agent_said", began, text=line.text, until=until, cut=line.cut
            )
        else:
            self._journal.write(
                self._call, "caller_said", began, text=line.text, until=until, by=entry.by
            )
