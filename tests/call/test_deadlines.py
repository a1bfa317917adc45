"""What is due, and when."""

from ari_app.call.deadlines import Deadlines


def test_the_first_is_the_earliest_and_nothing_is_never() -> None:
    deadlines = Deadlines()
    assert deadlines.first() is None
    deadlines.set("b", 2.0)
    deadlines.set("a", 1.0)
    assert deadlines.first() == 1.0
    deadlines.drop("a", "unknown")
    assert deadlines.first() == 2.0


def test_what_is_due_is_given_once() -> None:
    deadlines = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.set("b", 2.0)
    deadlines.set("later", 2.1)
    assert list(deadlines.due(2.0)) == ["a", "b"]
    assert list(deadlines.due(2.0)) == []
    assert deadlines.first() == 2.1


def test_acting_on_one_may_drop_the_next() -> None:
    deadlines = Deadlines()
    deadlines.set("fatal", 1.0)
    deadlines.set("renew", 1.0)
    due = deadlines.due(1.0)
    assert next(due) == "fatal"
    deadlines.replace({"retry": 1.0})
    assert list(due) == []
    assert deadlines.first() == 1.0


def test_one_that_is_set_anew_while_it_is_due_waits_for_the_next_time() -> None:
    deadlines = Deadlines()
    deadlines.set("renew", 1.0)
    for name in deadlines.due(6.0):
        deadlines.set(name, 5.0)
    assert deadlines.first() == 5.0


def test_set_once_keeps_an_earlier_promise() -> None:
    deadlines = Deadlines()
    deadlines.set_once("gone", 60.0)
    deadlines.set_once("gone", 62.0)
    assert deadlines.first() == 60.0
