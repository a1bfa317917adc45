"""Identities of calls are unique, sort by time and fit into our names."""

from ari_app.ari.call_ids import CallIds
from ari_app.call.ids import Owner, parse


def test_they_are_unique_and_sort_even_when_the_clock_stands_or_goes_back() -> None:
    clock = iter([1_795_231_515_000, 1_795_231_515_000, 1_795_231_514_000, 1_795_231_600_000])
    ids = CallIds(lambda: next(clock))
    made = [ids.new() for _ in range(4)]
    assert made == sorted(made)
    assert len({call[:9] for call in made}) == 4


def test_two_workers_do_not_meet() -> None:
    ids = [CallIds(lambda: 1_795_231_515_000) for _ in range(20)]
    assert len({each.new() for each in ids}) > 15


def test_they_are_short_and_part_of_our_names() -> None:
    call = CallIds().new()
    assert len(call) == 12
    name = parse(Owner("attendant", 1).name(call, "m", 1))
    assert name is not None
    assert name.call == call
