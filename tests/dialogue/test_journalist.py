from ari_app.conversation.commands import WriteBargeIn, WriteKeys, WriteTurn, WriteUtterance
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.values import Utterance
from ari_app.dialogue.journalist import Entry, Journalist

Facts = dict[str, str | float | bool]


class Pages:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, float, Facts]] = []

    def write(self, call: str, kind: str, at: float, **facts: str | float | bool) -> None:
        self.entries.append((call, kind, at, facts))


def written(entry: Entry) -> tuple[str, str, float, Facts]:
    """An entry of a call offered at 100 s whose stream began at 102 s, written at 110 s."""
    stream, pages = StreamTime(), Pages()
    stream.reached(0.0, 102.0)
    Journalist(pages, "c1", 100.0, stream).write(entry, 110.0)
    [page] = pages.entries
    return page


def test_everything_is_told_in_seconds_since_the_offer() -> None:
    agent = WriteUtterance(Utterance("agent", "Hello", 1.0, 3.0, cut=True))
    assert written(agent) == ("c1", "agent_said", 3.0, {"text": "Hello", "until": 5.0, "cut": True})
    caller = WriteUtterance(Utterance("caller", "12", 1.0, 3.0), by="keys")
    assert written(caller) == ("c1", "caller_said", 3.0, {"text": "12", "until": 5.0, "by": "keys"})
    assert written(WriteKeys("1")) == ("c1", "keys", 10.0, {"digits": "1"})
    assert written(WriteTurn(0.5, 0.7)) == ("c1", "turn", 10.0, {"decided": 0.5, "answered": 0.7})


def test_a_barge_in_without_a_pause_names_none() -> None:
    _, _, _, paused = written(WriteBargeIn(True, "speech", 0.06, 0.4))
    assert paused == {"committed": True, "by": "speech", "decided": 0.4, "paused": 0.06}
    _, _, _, key = written(WriteBargeIn(True, "key", None, 0.0))
    assert "paused" not in key
