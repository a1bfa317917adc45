"""The bad network does what it says, the same every time."""

import itertools

import pytest

from tests.support.netem import Conditions, Network

SENT = [(n * 0.020, n) for n in range(20_000)]


def carried(conditions: Conditions, seed: int = 1) -> list[tuple[float, int]]:
    return Network(conditions, seed=seed).carry(SENT)


def test_a_good_network_changes_nothing_but_the_time() -> None:
    assert carried(Conditions(delay=0.5)) == [(at + 0.5, n) for at, n in SENT]


def test_the_same_seed_gives_the_same_network() -> None:
    conditions = Conditions(delay=0.05, jitter=0.01, loss=0.1, burst=2, duplicate=0.01)
    assert carried(conditions) == carried(conditions)
    assert carried(conditions) != carried(conditions, seed=2)


@pytest.mark.parametrize(("loss", "burst"), [(0.01, 1), (0.05, 1), (0.05, 4), (0.3, 2)])
def test_loss_and_its_bursts_are_as_long_as_asked(loss: float, burst: float) -> None:
    arrived = {n for _, n in carried(Conditions(loss=loss, burst=burst))}
    lost = [n for _, n in SENT if n not in arrived]
    runs = sum(n - 1 not in lost_set for lost_set in [set(lost)] for n in lost)
    assert len(lost) / len(SENT) == pytest.approx(loss, rel=0.2)
    assert len(lost) / runs == pytest.approx(burst, rel=0.1)


def test_total_loss() -> None:
    assert carried(Conditions(loss=1.0)) == []


def test_normal_jitter_has_its_deviation_and_never_arrives_before_it_was_sent() -> None:
    late = [at - n * 0.020 for at, n in carried(Conditions(delay=0.05, jitter=0.01))]
    mean = sum(late) / len(late)
    assert mean == pytest.approx(0.05, abs=0.001)
    assert sum((x - mean) ** 2 for x in late) / len(late) == pytest.approx(0.01**2, rel=0.05)
    assert min(late) >= 0


def test_pareto_jitter_is_mostly_prompt_and_sometimes_very_late() -> None:
    arrived = carried(Conditions(delay=0.05, jitter=0.01, shape="pareto"))
    late = sorted(at - n * 0.020 for at, n in arrived)
    assert late[0] >= 0.05 - 1e-9
    assert late[len(late) // 2] < 0.055
    assert late[-1] > 0.2


def test_duplicates_and_held_back_packets() -> None:
    assert len(carried(Conditions(duplicate=0.1))) == pytest.approx(22_000, rel=0.02)
    numbers = [n for _, n in carried(Conditions(reorder=0.05, reorder_delay=0.030))]
    overtaken = sum(b < a for a, b in itertools.pairwise(numbers))
    assert overtaken == pytest.approx(0.05 * 0.95 * 20_000, rel=0.1)


def test_a_queue_keeps_the_order() -> None:
    numbers = [n for _, n in carried(Conditions(jitter=0.05, shape="pareto", keep_order=True))]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [({"loss": 1.5}, "loss"), ({"burst": 0.5}, "burst"), ({"loss": 0.9, "burst": 1.0}, "bursts")],
)
def test_impossible_conditions_are_refused(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Conditions(**wrong)  # type: ignore[arg-type]
