from ari_app.conversation.no_input import NoInput, Remedy


def test_asked_twice_then_given_up() -> None:
    no_input = NoInput(reprompts=2)
    no_input.stir(1.0)
    assert no_input.due_at() == 7.0
    assert no_input.remedy(7.0) is Remedy.ASK_AGAIN
    assert no_input.due_at() == 13.0
    assert no_input.remedy(13.0) is Remedy.ASK_AGAIN
    assert no_input.remedy(19.0) is Remedy.GIVE_UP


def test_a_caller_who_takes_part_is_forgiven() -> None:
    no_input = NoInput(reprompts=1)
    assert no_input.remedy(6.0) is Remedy.ASK_AGAIN
    no_input.caller_took_part(8.0)
    assert no_input.due_at() == 14.0
    assert no_input.remedy(14.0) is Remedy.ASK_AGAIN


def test_silence_is_counted_from_the_last_thing_that_was_heard() -> None:
    no_input = NoInput(reprompts=2)
    no_input.stir(5.0)
    no_input.stir(3.0)  # late news
    assert no_input.due_at() == 11.0


def test_endless_patience_is_never_due() -> None:
    no_input = NoInput(reprompts=2)
    no_input.patience = float("inf")
    assert no_input.due_at() == float("inf")
