import pytest

from ari_app.phone.port import Ended
from ari_app.phone.sdp import Session
from ari_app.phone.signalling import q850, relayed_digit
from ari_app.phone.signals import Answered, Changed, Over, PressedByInfo, Rang, Replied
from tests.support.sip_network import ALICE, BOB, Network

THEIRS = Session("127.0.0.1", 4000, (0, 8))


def last(network: Network, who: tuple[str, int]) -> object:
    return network.reports[who][-1]


def test_a_call_rings_is_answered_and_ended_by_the_caller() -> None:
    network = Network()
    call = network.call()
    network.pass_time(0.1)
    assert network.reports[ALICE] == []
    answer = network.called[0]
    network.run(BOB, answer, answer.ring())
    network.pass_time(0.1)
    assert network.reports[ALICE] == [Rang()]
    network.run(BOB, answer, answer.answer())
    network.pass_time(0.1)
    assert isinstance(last(network, ALICE), Answered)
    assert last(network, BOB) == Answered(THEIRS)
    network.run(ALICE, call, call.hang_up())
    network.pass_time(0.1)
    assert last(network, ALICE) == Over(Ended("us", 200, "OK"))
    assert last(network, BOB) == Over(Ended("them", 200, "BYE"))
    assert call.state == answer.state == "ended"


def test_the_called_side_can_end_it_too() -> None:
    network = Network()
    _, answer = network.established()
    network.run(BOB, answer, answer.hang_up())
    network.pass_time(0.1)
    assert last(network, ALICE) == Over(Ended("them", 200, "BYE"))


def test_a_busy_phone_rejects() -> None:
    network = Network()
    network.call()
    network.pass_time(0.1)
    network.run(BOB, network.called[0], network.called[0].reject(486))
    network.pass_time(0.1)
    assert last(network, ALICE) == Over(Ended("them", 486, "Rejected"))
    network.pass_time(60)
    assert len(network.sent("486 INVITE")) == 1, "the ACK ends it"


def test_a_ringing_call_is_cancelled() -> None:
    network = Network()
    call = network.call()
    network.pass_time(0.1)
    network.run(BOB, network.called[0], network.called[0].ring())
    network.pass_time(0.1)
    network.run(ALICE, call, call.hang_up())
    network.pass_time(0.1)
    ended = last(network, ALICE)
    assert isinstance(ended, Over)
    assert (ended.ended.by, ended.ended.status) == ("us", 487)
    assert last(network, BOB) == Over(Ended("them", 487, "CANCEL"))
    assert network.sent("BYE") == []


def test_a_call_given_up_before_any_answer_is_cancelled_once_one_comes() -> None:
    network = Network(loses=lambda what, count: what == "INVITE" and count < 2)
    call = network.call()
    network.run(ALICE, call, call.hang_up())
    network.pass_time(1.0)
    assert network.sent("CANCEL") == [], "RFC 3261 §9.1 forbids it before a provisional response"
    network.pass_time(1.0)
    assert len(network.sent("CANCEL")) == 1
    assert call.state == "ended"


def test_an_answer_that_crosses_the_cancel_is_hung_up() -> None:
    network = Network()
    call = network.call()
    network.pass_time(0.1)
    answer = network.called[0]
    network.run(BOB, answer, answer.ring())
    network.pass_time(0.1)
    network.run(BOB, answer, answer.answer())
    network.run(ALICE, call, call.hang_up())
    network.pass_time(1.0)
    assert len(network.sent("BYE")) == 1
    assert call.state == answer.state == "ended"


@pytest.mark.parametrize("lost", ["INVITE", "100 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"])
def test_every_message_may_be_lost_twice(lost: str) -> None:
    network = Network(loses=lambda what, count: what == lost and count < 2)
    call = network.call()
    network.pass_time(5.0)
    answer = network.called[0]
    network.run(BOB, answer, answer.answer())
    network.pass_time(10.0)
    assert call.state == answer.state == "answered"
    network.run(ALICE, call, call.hang_up())
    network.pass_time(10.0)
    assert call.state == answer.state == "ended"
    for reports in network.reports.values():
        assert [type(report) for report in reports] == [Answered, Over], "nothing happens twice"


def test_hold_changes_the_direction_on_both_sides() -> None:
    network = Network()
    call, answer = network.established()
    network.run(ALICE, call, call.modify("sendonly"))
    network.pass_time(0.1)
    assert answer.session.direction == "recvonly"
    changed = last(network, BOB)
    assert isinstance(changed, Changed)
    assert changed.session.direction == "sendonly"
    assert last(network, ALICE) == Replied("INVITE", 200, "OK")
    network.run(ALICE, call, call.modify("sendrecv"))
    network.pass_time(0.1)
    assert answer.session.direction == "sendrecv"


def test_a_key_travels_by_info() -> None:
    network = Network()
    call, _ = network.established()
    network.run(ALICE, call, call.inform("application/dtmf-relay", b"Signal=5\r\nDuration=100"))
    network.pass_time(0.1)
    assert last(network, BOB) == PressedByInfo("5")
    assert last(network, ALICE) == Replied("INFO", 200, "OK")


def test_what_the_phone_cannot_do_is_refused_and_the_call_goes_on() -> None:
    network = Network()
    call, _ = network.established()
    network.run(ALICE, call, call.refer("sip:2000@127.0.0.1"))
    network.pass_time(0.1)
    assert last(network, ALICE) == Replied("REFER", 405, "Method Not Allowed")
    assert call.state == "answered"


def test_nobody_there() -> None:
    network = Network(loses=lambda what, count: what == "INVITE")
    call = network.call()
    network.pass_time(31.9)
    assert call.state == "calling"
    network.pass_time(0.2)
    assert last(network, ALICE) == Over(Ended("network", 408, "no answer to INVITE"))


def test_an_answer_that_is_never_confirmed_is_taken_back() -> None:
    network = Network(loses=lambda what, count: what == "ACK")
    network.call()
    network.pass_time(0.1)
    answer = network.called[0]
    network.run(BOB, answer, answer.answer())
    network.pass_time(33.0)
    assert answer.state == "ended"
    assert len(network.sent("BYE")) >= 1


def test_reasons_and_relayed_digits() -> None:
    assert q850('Q.850;cause=17;text="User busy"') == 17
    assert q850("SIP;cause=200") is None
    assert relayed_digit(b"Signal= #\r\nDuration=160\r\n") == "#"
    assert relayed_digit(b"Signal=12") == ""
