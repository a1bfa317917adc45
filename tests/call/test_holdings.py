"""What of ours is on the PBX."""

from ari_app.call.commands import CloseBridge, CloseMedia, HangUp
from ari_app.call.holdings import Holdings, deletions
from ari_app.call.ids import Owner


def test_what_was_asked_for_is_held_until_it_is_deleted_and_no_name_comes_twice() -> None:
    holdings = Holdings(Owner("attendant", 1), "k")
    bridge, first = holdings.new_bridge(), holdings.new_media()
    holdings.deleted(CloseMedia(first))
    second = holdings.new_media()
    assert second not in (first, bridge)
    assert holdings.deletions() == (HangUp(), CloseMedia(second), CloseBridge(bridge))
    holdings.caller_left()
    assert holdings.deletions() == (CloseMedia(second), CloseBridge(bridge))
    holdings.deleted(CloseMedia(second))
    holdings.deleted(CloseMedia(second))
    assert holdings
    holdings.deleted(CloseBridge(bridge))
    assert not holdings


def test_a_caller_is_ours_until_the_pbx_says_otherwise() -> None:
    holdings = Holdings(Owner("attendant", 1), "k")
    holdings.deleted(HangUp())
    assert holdings, "asked is not gone"
    holdings.caller_left()
    assert not holdings


def test_what_a_dead_worker_left_is_deleted_and_what_is_not_ours_is_not() -> None:
    names = ("attendant.2.k.m2", "attendant.2.k.b1", "1700000000.7", "other")
    expected = [CloseMedia("attendant.2.k.m2"), CloseBridge("attendant.2.k.b1")]
    assert list(deletions(names)) == expected
