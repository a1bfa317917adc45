import pytest

from ari_app.board.addresses import STRANGER, Addresses
from ari_app.board.socket import Address, address_key, socket_address

PBX = ("192.0.2.1", 4000)
SEEN = "198.51.100.7"


@pytest.fixture
def addresses() -> Addresses:
    return Addresses(4, {"10.0.0.5": SEEN})


def row(addresses: Addresses, address: Address) -> int:
    return addresses.row(address_key(address))


def test_only_the_exact_address_is_no_stranger(addresses: Addresses) -> None:
    addresses.bind(2, PBX)
    assert row(addresses, PBX) == 2
    for other in ((PBX[0], 4002), ("192.0.2.2", PBX[1])):
        assert row(addresses, other) == STRANGER
    assert addresses.strangers == 2
    assert addresses.destinations[2].tolist() == socket_address(PBX).tolist()


def test_a_row_that_is_unbound_or_bound_anew_leaves_its_old_address(addresses: Addresses) -> None:
    addresses.bind(1, PBX)
    addresses.bind(1, ("192.0.2.1", 5000))
    assert row(addresses, PBX) == STRANGER
    addresses.unbind(1)
    assert row(addresses, ("192.0.2.1", 5000)) == STRANGER


def test_an_address_belongs_to_whom_it_was_given_last(addresses: Addresses) -> None:
    """The PBX uses a port again before our side of the old media is closed."""
    addresses.bind(1, PBX)
    addresses.bind(2, PBX)
    addresses.unbind(1)
    assert row(addresses, PBX) == 2


def test_a_mapped_host_with_the_port_it_said_is_itself(addresses: Addresses) -> None:
    addresses.bind(1, ("10.0.0.5", 4000))
    assert addresses.destinations[1].tolist() == socket_address((SEEN, 4000)).tolist()
    assert row(addresses, (SEEN, 4000)) == 1
    assert row(addresses, (SEEN, 4001)) == STRANGER  # it is settled: nobody may take it over
    assert addresses.settled == 0


def test_a_translated_port_is_learnt_from_the_first_packet_and_only_then(
    addresses: Addresses,
) -> None:
    addresses.bind(1, ("10.0.0.5", 4000))
    assert row(addresses, ("203.0.113.9", 61000)) == STRANGER
    assert row(addresses, (SEEN, 61000)) == 1
    assert addresses.destinations[1].tolist() == socket_address((SEEN, 61000)).tolist()
    assert row(addresses, (SEEN, 61001)) == STRANGER
    assert addresses.settled == 1


def test_where_two_rows_wait_nobody_is_guessed(addresses: Addresses) -> None:
    addresses.bind(1, ("10.0.0.5", 4000))
    addresses.bind(2, ("10.0.0.5", 4002))
    assert row(addresses, (SEEN, 61000)) == STRANGER
    assert row(addresses, (SEEN, 4002)) == 2
    assert row(addresses, (SEEN, 61000)) == 1
