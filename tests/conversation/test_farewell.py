from ari_app.conversation.commands import AnswerTool, GiveUp, HandOver, HangUp
from ari_app.conversation.farewell import Farewell
from ari_app.conversation.values import SessionFailed, ToolAsked

HAND_OVER = ToolAsked("t1", "hand_over", {"destination": "sales", "reason": "asked"})
HANG_UP = ToolAsked("t2", "hang_up", {"reason": "done"})


def test_a_hang_up_is_withdrawn_when_the_caller_speaks_up_a_hand_over_is_not() -> None:
    farewell = Farewell()
    assert farewell.ask(HANG_UP) == ()
    assert farewell.due_at(5.0, listening=True) == float("inf")
    assert farewell.due_at(5.0, listening=False) == 5.0
    assert farewell.withdraw() == (AnswerTool("t2", "withdrawn: the caller spoke up"),)
    assert farewell.go() == ()
    assert farewell.ask(HAND_OVER) == ()
    assert farewell.withdraw() == ()
    assert farewell.due_at(5.0, listening=True) == 5.0
    assert farewell.go() == (HandOver("sales", "asked"),)
    assert farewell.over


def test_a_caller_leaves_only_once() -> None:
    farewell = Farewell()
    farewell.ask(HAND_OVER)
    assert farewell.ask(HANG_UP) == (AnswerTool("t2", "refused: the caller leaves already"),)
    farewell.go()
    assert farewell.ask(HANG_UP) == (AnswerTool("t2", "refused: the caller leaves already"),)


def test_our_own_hang_up_answers_no_tool() -> None:
    farewell = Farewell()
    farewell.hang_up("no input")
    assert farewell.withdraw() == ()
    farewell.hang_up("no input")
    assert farewell.go() == (HangUp("no input"),)


def test_what_nobody_can_do_is_refused() -> None:
    refused = (AnswerTool("t", "refused: no such tool or destination"),)
    assert Farewell().ask(ToolAsked("t", "hand_over", {})) == refused
    assert Farewell().ask(ToolAsked("t", "dance", {})) == refused


def test_a_lost_agent_is_told_once_and_only_while_it_is_needed() -> None:
    farewell = Farewell()
    assert farewell.fail(SessionFailed("gone")) == (GiveUp("gone"),)
    assert farewell.fail(SessionFailed("gone again")) == ()
    leaving = Farewell()
    leaving.ask(HANG_UP)
    assert leaving.fail(SessionFailed("ended")) == ()
    assert leaving.withdraw() == (GiveUp("ended"),)
