"""What a record costs: µs of each operation of the stores, Redis on loopback.

    python tests/benchmarks/bench_stores.py [--rounds 2000] [--turns 40]

The record is that of a call with so many turns behind it. `together` has 16 operations under way
at once, as when many calls change. Times are medians (99th percentile), the client's work included;
absolute figures depend on the machine and on what else it does.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from ari_app.call.record import CallRecord
from ari_app.conversation.values import Utterance
from ari_app.ports import CallStore
from ari_app.stores.memory import MemoryStore
from ari_app.stores.redis import RedisStore
from ari_app.stores.serial import pack
from tests.support.redis import running_redis

SENTENCE = "I would like to speak with somebody about my booking, please."


def record_after(turns: int) -> CallRecord:
    said = tuple(Utterance("caller", SENTENCE, 4.0 * n, 4.0 * n + 3.5) for n in range(turns))
    names = {"pbx": "main", "channel": "1764000000.17", "application": "attendant-1"}
    people = {"caller": "+491701234567", "called": "700"}
    return CallRecord(call="a1", worker="attendant.1", **names, **people, history=said)


async def timed(what: str, rounds: int, work: Callable[[], Awaitable[object]]) -> None:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        await work()
        taken.append(1e6 * (time.perf_counter() - began))
    late = statistics.quantiles(taken, n=100)[-1]
    print(f"  {what:24} {statistics.median(taken):8.0f} µs ({late:.0f})")


async def measure(name: str, store: CallStore, record: CallRecord, rounds: int) -> None:
    print(f"{name}, record of {len(pack(record))} bytes")
    newest, keys = record, map(str, itertools.count())

    async def save() -> None:
        nonlocal newest
        newest = await store.save(newest)

    async def begin_and_finish() -> None:
        key = next(keys)
        await store.begin("b1", key)
        await store.finish("b1", key, "done")

    async def together() -> None:
        await asyncio.gather(*(store.load("a1") for _ in range(16)))

    await timed("save", rounds, save)
    await timed("load", rounds, lambda: store.load("a1"))
    await timed("begin", rounds, lambda: store.begin("c1", next(keys)))
    await timed("begin and finish", rounds, begin_and_finish)
    await timed("16 loads together", rounds // 16, together)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=40)
    arguments = parser.parse_args()
    record = record_after(arguments.turns)
    await measure("memory", MemoryStore(), record, arguments.rounds)
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as server:
        store = RedisStore(server.settings())
        await measure("Redis", store, record, arguments.rounds)
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
