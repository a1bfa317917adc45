"""In virtual time, with a store in memory that can be taken away."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from ari_app.call.record import CallRecord
from ari_app.errors import StoreUnavailable
from ari_app.stores.memory import MemoryStore
from ari_app.stores.write_behind import MOST_DELETIONS, WriteBehind
from tests.stores.contract import record_of
from tests.support.virtual_time import run


class Away(MemoryStore):
    """A store that counts its writes, takes its time, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.seconds = 0.001
        self.saves: list[tuple[str, int, float]] = []
        self.deletions = 0

    async def save(self, record: CallRecord) -> CallRecord:
        await self._answer()
        self.saves.append((record.call, record.made, asyncio.get_running_loop().time()))
        return await super().save(record)

    async def delete(self, call: str, worker: str) -> None:
        await self._answer()
        self.deletions += 1
        await super().delete(call, worker)

    async def _answer(self) -> None:
        await asyncio.sleep(0.25 if self.away else self.seconds)
        if self.away:
            raise StoreUnavailable("away")


@dataclass
class Scene:
    store: Away = field(default_factory=Away)
    adopted: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)


def play(story: Callable[[WriteBehind, Scene], Coroutine[Any, Any, None]]) -> Scene:
    """Run a story in virtual time, and close."""
    scene = Scene()

    async def whole() -> None:
        behind = WriteBehind(scene.store, scene.adopted.append)
        await story(behind, scene)
        await behind.close()

    with capture_logs() as logs:
        run(whole())
    scene.logs = [one["event"] for one in logs]
    return scene


def test_the_newest_is_written_within_a_quarter_of_a_second() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        for made in range(10):
            behind.note(record_of("a1", made=made))
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.2)
        assert [(call, made) for call, made, _ in scene.store.saves] == [("a1", 9)]
        behind.note(record_of("a1", made=10))
        behind.note(record_of("a2", made=1))
        noted = asyncio.get_running_loop().time()
        await asyncio.sleep(0.25)
        assert {(call, made) for call, made, _ in scene.store.saves[1:]} == {("a1", 10), ("a2", 1)}
        assert all(at - noted < 0.25 for *_, at in scene.store.saves[1:])
        loaded = await scene.store.load("a1")
        assert loaded == record_of("a1", made=10, revision=2)

    assert play(story).logs == []


def test_what_changes_while_it_is_written_is_written_again() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        scene.store.seconds = 0.15
        behind.note(record_of("a1", made=1))
        await asyncio.sleep(0.2)
        behind.note(record_of("a1", made=2))
        await asyncio.sleep(1)
        assert [made for _, made, _ in scene.store.saves] == [1, 2]

    assert play(story).adopted == []


def test_while_the_store_is_away_one_record_a_call_waits_and_one_word_is_said() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1", made=1))
        assert await behind.flush()
        scene.store.away = True
        for made in range(100):
            behind.note(record_of("a1", made=made))
            behind.note(record_of("a2", made=made))
            await asyncio.sleep(0.1)
        assert not behind.healthy
        scene.store.away = False
        await asyncio.sleep(1)
        assert behind.healthy
        assert sorted((call, made) for call, made, _ in scene.store.saves[1:]) == [
            ("a1", 99),
            ("a2", 99),
        ]

    scene = play(story)
    assert scene.logs == ["store_degraded", "store_restored"]
    assert scene.adopted == []


def test_what_changed_during_a_failed_attempt_is_what_is_written() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        scene.store.away = True
        behind.note(record_of("a1", made=1))
        await asyncio.sleep(0.2)
        behind.note(record_of("a1", made=2))
        await asyncio.sleep(0.2)
        scene.store.away = False
        await asyncio.sleep(1)
        assert [made for _, made, _ in scene.store.saves] == [2]

    play(story)


def test_a_call_that_somebody_adopted_is_told_once_and_left_alone() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1"))
        await asyncio.sleep(0.3)
        taken = await scene.store.claim("a1", "attendant.2", "attendant.1")
        for made in range(3):
            behind.note(record_of("a1", made=made))
            await asyncio.sleep(0.3)
        behind.forget("a1", "attendant.1")
        await asyncio.sleep(0.3)
        assert await scene.store.load("a1") == taken

    scene = play(story)
    assert scene.adopted == ["a1"]
    assert scene.logs == ["record_is_somebody_elses"]
    assert scene.store.deletions == 0


def test_a_call_that_ended_is_deleted_even_if_the_store_was_away() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1"))
        await asyncio.sleep(0.3)
        scene.store.away = True
        behind.note(record_of("a1", made=4))
        await asyncio.sleep(0.3)
        behind.forget("a1", "attendant.1")
        await asyncio.sleep(5)
        scene.store.away = False
        await asyncio.sleep(1)
        assert await scene.store.calls() == ()

    assert play(story).store.deletions == 1


def test_a_call_that_ended_while_it_is_written_is_deleted() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        scene.store.seconds = 0.1
        behind.note(record_of("a1"))
        await asyncio.sleep(0.15)
        behind.forget("a1", "attendant.1")
        await asyncio.sleep(1)
        assert len(scene.store.saves) == 1
        assert await scene.store.calls() == ()
        behind.forget("a1", "attendant.1")

    assert play(story).store.deletions == 1


def test_a_released_call_can_be_claimed_as_it_was_written_last() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1", made=1))
        assert await behind.flush()
        behind.release("a1")
        behind.note(record_of("a1", made=2))
        behind.forget("a1", "attendant.1")
        assert await behind.flush()
        claimed = await scene.store.claim("a1", "attendant.2", "attendant.1")
        assert claimed.made == 1
        assert scene.store.deletions == 0

    assert play(story).adopted == []


def test_nobody_is_told_that_a_call_was_adopted_which_has_ended() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1"))
        assert await behind.flush()
        taken = await scene.store.claim("a1", "attendant.2", "attendant.1")
        scene.store.seconds = 0.1
        behind.note(record_of("a1", made=5))
        await asyncio.sleep(0.15)
        behind.forget("a1", "attendant.1")
        await asyncio.sleep(1)
        assert await scene.store.load("a1") == taken

    assert play(story).adopted == []


def test_who_adopts_goes_on_from_the_revision_of_the_claim() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        await scene.store.save(record_of("a1", worker="attendant.9"))
        claimed = await scene.store.claim("a1", "attendant.1", "attendant.9")
        behind.note(claimed)
        behind.note(claimed)
        await asyncio.sleep(0.3)
        loaded = await scene.store.load("a1")
        assert loaded is not None
        assert loaded.revision == 3

    assert play(story).adopted == []


def test_closing_writes_what_waits_and_does_not_wait_for_a_store_that_is_away() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        behind.note(record_of("a1"))
        await asyncio.sleep(0.1005)  # in the middle of writing
        behind.note(record_of("a1", made=5))

    assert [made for _, made, _ in play(story).store.saves] == [3, 5]

    async def away(behind: WriteBehind, scene: Scene) -> None:
        scene.store.away = True
        behind.note(record_of("a1"))
        began = asyncio.get_running_loop().time()
        assert not await behind.flush()
        assert asyncio.get_running_loop().time() - began < 0.3

    assert play(away).store.saves == []


def test_ended_calls_do_not_fill_the_memory() -> None:
    async def story(behind: WriteBehind, scene: Scene) -> None:
        scene.store.away = True
        for n in range(MOST_DELETIONS + 50):
            behind.note(record_of(f"a{n}"))
            behind.forget(f"a{n}", "attendant.1")
        scene.store.away = False

    assert play(story).store.deletions == MOST_DELETIONS
