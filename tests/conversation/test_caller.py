from ari_app.conversation.caller import Caller
from ari_app.conversation.commands import Command, SendEdge
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.values import EdgeKind


def caller_who_said(began: float, ended: float) -> Caller:
    stream = StreamTime()
    stream.reached(0.0, 0.0)
    caller = Caller(FloorSettings(shortest_turn=0.12), stream)
    caller.turns.speech_began(began, began)
    caller.turns.speech_ended(ended, ended)
    return caller


def edges(commands: tuple[Command, ...]) -> list[tuple[EdgeKind, float]]:
    return [(c.edge.kind, c.edge.at) for c in commands if isinstance(c, SendEdge)]


def test_a_turn_is_told_once_when_it_begins_and_when_it_ends() -> None:
    caller = caller_who_said(1.0, 2.0)
    assert edges(caller.tell_began()) == [(EdgeKind.BEGAN, 1.0)]
    assert caller.tell_began() == ()
    assert edges(caller.end(2.5)) == [(EdgeKind.ENDED, 2.0)]
    assert caller.last is not None
    assert caller.last.silent_from == 2.0


def test_a_turn_that_was_kept_is_told_whole() -> None:
    assert edges(caller_who_said(1.0, 2.0).end(9.0)) == [
        (EdgeKind.BEGAN, 1.0),
        (EdgeKind.ENDED, 2.0),
    ]


def test_too_little_speech_is_dismissed_or_never_told() -> None:
    click = caller_who_said(1.0, 1.1)
    click.tell_began()
    assert edges(click.end(1.6)) == [(EdgeKind.DISMISSED, 1.1)]
    assert click.last is None
    assert caller_who_said(1.0, 1.1).end(1.6) == ()


def test_a_dismissed_turn_is_forgotten() -> None:
    caller = caller_who_said(1.0, 2.0)
    caller.tell_began()
    assert edges(caller.dismiss(2.1)) == [(EdgeKind.DISMISSED, 2.0)]
    assert caller.tell_began() == ()
