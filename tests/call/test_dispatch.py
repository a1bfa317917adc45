"""Which method answers an event; with rows and deadlines of the real table."""

import pytest

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.dispatch import Commands, Dispatch
from ari_app.call.table import Phase
from ari_app.errors import UnexpectedEvent


class Machine(Dispatch):
    """Talks; hangs up when it is asked to, wherever that leads to."""

    def __init__(self, goes_to: Phase = Phase.RELEASING) -> None:
        super().__init__()
        self.phase = Phase.TALKING
        self._goes_to = goes_to
        self._deadlines.set("lead", 1.0)
        self._deadlines.set("second look", 2.0)

    def _hang_up(self, event: e.Event, now: float) -> Commands:
        self.phase = self._goes_to
        return (c.HangUp(),)

    def _on_lead(self, event: e.Event, now: float) -> Commands:
        return (c.StartConversation("m"),)

    def _on_second_look(self, event: e.Event, now: float) -> Commands:
        return (c.ReadReception(),)


def test_a_row_of_the_table_is_done_by_the_method_of_its_action() -> None:
    machine = Machine()
    assert machine.handle(e.HangUpAsked(), 0.5) == (c.HangUp(),)
    assert machine.phase is Phase.RELEASING
    assert machine.ignored == 0


def test_what_is_no_row_is_counted() -> None:
    machine = Machine()
    assert machine.handle(e.CallerHungUp(16), 0.5) == ()
    assert (machine.phase, machine.ignored) == (Phase.TALKING, 1)


def test_the_outcome_of_a_command_that_was_never_given_is_a_bug() -> None:
    machine = Machine()
    with pytest.raises(UnexpectedEvent, match="HangUp done while talking"):
        machine.handle(e.Done(c.HangUp()), 0.5)
    assert (machine.phase, machine.ignored) == (Phase.TALKING, 0)


def test_an_action_that_goes_where_the_table_does_not_say_is_caught() -> None:
    with pytest.raises(AssertionError, match="which the table does not say"):
        Machine(goes_to=Phase.PREPARING).handle(e.HangUpAsked(), 0.5)


def test_a_tick_does_all_that_is_due_in_its_order() -> None:
    machine = Machine()
    assert machine.deadline() == 1.0
    assert machine.handle(e.Tick(), 0.9) == ()
    assert machine.handle(e.Tick(), 2.0) == (c.StartConversation("m"), c.ReadReception())
    assert machine.deadline() is None
