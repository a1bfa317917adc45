import itertools

import pytest

from tests.support.sip_network import ALICE, BOB, Network


def intervals(times: list[float]) -> list[float]:
    return [round(b - a, 3) for a, b in itertools.pairwise(times)]


def test_an_invite_is_repeated_ever_slower_for_32_seconds() -> None:
    network = Network(loses=lambda what, count: what == "INVITE")
    network.call()
    network.pass_time(100)
    assert intervals(network.sent("INVITE")) == [0.5, 1, 2, 4, 8, 16]


def test_another_request_is_repeated_at_most_every_4_seconds() -> None:
    network = Network(loses=lambda what, count: what == "BYE")
    call, _ = network.established()
    network.run(ALICE, call, call.hang_up())
    network.pass_time(100)
    assert intervals(network.sent("BYE"))[:5] == [0.5, 1, 2, 4, 4]
    assert network.sent("BYE")[-1] - network.sent("BYE")[0] < 32


def test_a_provisional_response_stops_the_repetition() -> None:
    network = Network()
    network.call()
    network.pass_time(100)
    assert len(network.sent("INVITE")) == 1


def test_an_answer_is_repeated_until_it_is_confirmed() -> None:
    network = Network(loses=lambda what, count: what == "ACK" and count < 3)
    network.established()
    network.pass_time(100)
    assert intervals(network.sent("200 INVITE")) == [0.5, 1, 2]
    assert len(network.sent("ACK")) == 4, "each of them is confirmed"


@pytest.mark.parametrize("count", [1, 3])
def test_a_rejection_is_confirmed_each_time_it_comes(count: int) -> None:
    network = Network(loses=lambda what, sent: what == "ACK" and sent < count - 1)
    network.call()
    network.pass_time(0.1)
    network.run(BOB, network.called[0], network.called[0].reject(603))
    network.pass_time(60)
    assert len(network.sent("603 INVITE")) == len(network.sent("ACK")) == count


def test_nothing_is_kept_for_ever() -> None:
    network = Network()
    call, _ = network.established()
    network.run(ALICE, call, call.hang_up())
    network.pass_time(200)
    assert [agent.deadline() for agent in network.agents.values()] == [None, None]
