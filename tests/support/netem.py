"""A bad network, reproducible: packets go in with the time of sending, decisions come out.

The network has no clock and holds no packets: it says when each copy of a packet arrives. Jitter
reorders by itself, unless `keep_order` makes the network a queue. Loss comes in bursts (the two
states of Gilbert and Elliott).

    network = Network(Conditions(delay=0.040, jitter=0.010, loss=0.02, burst=3), seed=7)
    for at, packet in network.carry((n * 0.020, packet) for n, packet in enumerate(packets)):
        ...
"""

import heapq
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Conditions:
    """What the network does to packets. Times in seconds, chances from 0 to 1."""

    delay: float = 0.0
    "What every packet takes at least (pareto) or on average (normal)."
    jitter: float = 0.0
    "Standard deviation (normal) or scale (pareto) of what comes on top."
    shape: Literal["normal", "pareto"] = "normal"
    "pareto: mostly prompt, sometimes very late, with the tail index 2.5."
    loss: float = 0.0
    "Share of packets lost in the long run."
    burst: float = 1.0
    "Mean length of a run of losses, packets; 1: never two in a row."
    duplicate: float = 0.0
    "Chance of a second copy, with a delay of its own."
    reorder: float = 0.0
    "Chance of a packet held back by `reorder_delay`."
    reorder_delay: float = 0.030
    keep_order: bool = False
    "No packet arrives before one that was sent earlier."

    def __post_init__(self) -> None:
        for name in ("loss", "duplicate", "reorder"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 0 to 1")
        if self.burst < 1:
            raise ValueError(f"burst is {self.burst}, expected at least 1 packet")
        if 0 < self.loss < 1 and self.loss / (1 - self.loss) > self.burst:
            raise ValueError(f"loss {self.loss} cannot come in bursts as short as {self.burst}")


class Network:
    """One direction of a network under constant conditions."""

    def __init__(self, conditions: Conditions, *, seed: int) -> None:
        self._conditions = conditions
        self._random = random.Random(seed)
        self._losing = False
        self._latest = float("-inf")

    def arrivals(self, at: float) -> list[float]:
        """When the copies of a packet sent at `at` arrive: none when it is lost, two when doubled.

        Ask in the order of sending.
        """
        if self._lost():
            return []
        twice = self._chance(self._conditions.duplicate)
        return sorted(self._arrival(at) for _ in range(2 if twice else 1))

    def carry(self, packets: Iterable[tuple[float, T]]) -> list[tuple[float, T]]:
        """(time of sending, packet), in order → (time of arrival, packet), in order."""
        arrived: list[tuple[float, int, T]] = []
        for number, (at, packet) in enumerate(packets):
            for arrival in self.arrivals(at):
                heapq.heappush(arrived, (arrival, number, packet))
        return [(at, packet) for at, _, packet in sorted(arrived, key=lambda item: item[:2])]

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _lost(self) -> bool:
        """Two states: good loses nothing, bad everything. Mean stay in bad is `burst` packets."""
        loss, leave = self._conditions.loss, 1 / self._conditions.burst
        if loss in (0, 1):
            return loss == 1
        if self._losing:
            self._losing = not self._chance(leave)
        else:
            self._losing = self._chance(leave * loss / (1 - loss))
        return self._losing

    def _arrival(self, at: float) -> float:
        conditions = self._conditions
        at += conditions.delay
        if conditions.jitter:
            if conditions.shape == "normal":
                at += max(self._random.gauss(0, conditions.jitter), -conditions.delay)
            else:
                at += conditions.jitter * (self._random.paretovariate(2.5) - 1)
        if self._chance(conditions.reorder):
            at += conditions.reorder_delay
        if conditions.keep_order:
            at = max(at, self._latest)
        self._latest = max(at, self._latest)
        return at
