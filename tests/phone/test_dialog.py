from ari_app.phone.dialog import Dialog
from ari_app.phone.identity import response_to
from ari_app.phone.sdp import Session
from tests.support.sip_network import ALICE, BOB, agent

SESSION = Session("127.0.0.1", 4000, (0,))


def dialog() -> Dialog:
    identity = agent(ALICE, BOB).identity
    return Dialog(identity, "c1", "<sip:a@h>;tag=l", "<sip:b@h>", "sip:b@h")


def test_an_answer_sets_where_and_by_which_way_requests_go() -> None:
    one = dialog()
    invite = one.invite(SESSION)
    answer = response_to(
        invite,
        200,
        "OK",
        ("Contact", "<sip:b@192.0.2.9:5070>"),
        ("Record-Route", "<sip:p1;lr>, <sip:p2;lr>"),
        tag="r",
    )
    one.learn(answer)
    bye = one.request("BYE")
    assert bye.uri == "sip:b@192.0.2.9:5070"
    assert bye.all("Route") == ("<sip:p2;lr>", "<sip:p1;lr>"), "RFC 3261 §12.1.2: reversed"
    assert bye.get("To") == "<sip:b@h>;tag=r"
    assert bye.cseq == (2, "BYE")
    ack = one.ack(answer)
    assert ack.cseq == (1, "ACK")
    assert ack.branch != invite.branch


def test_a_cancel_is_of_the_same_transaction() -> None:
    one = dialog()
    invite = one.invite(SESSION)
    cancel = one.cancel(invite)
    assert cancel.branch == invite.branch
    assert (cancel.uri, cancel.cseq) == (invite.uri, (1, "CANCEL"))
    assert cancel.get("To") == invite.get("To")
