"""What every store of call records must do. A store's test module subclasses `StoreContract` and
gives it `rig`: the same store as two workers see it."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from ari_app.call.record import Begun, CallRecord, Finished, Uncertain
from ari_app.conversation.values import Utterance
from ari_app.errors import StaleRecord
from ari_app.ports import CallStore


@dataclass(frozen=True)
class Rig:
    store: CallStore
    "The first worker's."
    other: CallStore
    "The second worker's."


def record_of(call: str, worker: str = "attendant.1", **facts: object) -> CallRecord:
    """A record with something in every field."""
    record = CallRecord(
        call=call,
        worker=worker,
        pbx="main",
        channel="1712.44",
        application="attendant-1",
        caller="+49 170 1",
        called="700",
        arguments=("inbound", "", "ü\n\0"),
        phase="talking",
        made=3,
        medias=(f"attendant.1.{call}.m1",),
        bridges=(f"attendant.1.{call}.b2",),
        profile="front-desk",
        history=(
            Utterance("agent", "Hello, how can I help?", 0.2, 1.9, cut=True),
            Utterance("caller", "Grüß Gott 👋", 2.0, 3.25),
        ),
        variables={"name": "Zoë", "": "empty"},
        offered=1764000000.125,
    )
    return replace(record, **facts)  # type: ignore[arg-type]


class StoreContract:
    """Inherit, and define the fixture `rig`."""

    @pytest.fixture
    def rig(self) -> Rig:
        raise NotImplementedError

    async def test_what_is_saved_can_be_loaded_by_any_worker(self, rig: Rig) -> None:
        saved = await rig.store.save(record_of("a1"))
        assert saved == record_of("a1", revision=1)
        assert await rig.other.load("a1") == saved
        again = await rig.store.save(replace(saved, phase="ending"))
        assert await rig.other.load("a1") == record_of("a1", phase="ending", revision=2) == again

    async def test_an_unknown_call_has_no_record(self, rig: Rig) -> None:
        assert await rig.store.load("nobody") is None

    async def test_all_calls_are_listed_until_they_are_deleted(self, rig: Rig) -> None:
        assert await rig.store.calls() == ()
        saved = [await rig.store.save(record_of(f"a{n:03}")) for n in range(250)]
        assert sorted(await rig.other.calls(), key=lambda one: one.call) == saved
        for one in saved[1:]:
            await rig.store.delete(one.call, one.worker)
        assert await rig.other.calls() == (saved[0],)

    async def test_who_writes_on_an_older_revision_is_told(self, rig: Rig) -> None:
        first = await rig.store.save(record_of("a1"))
        second = await rig.store.save(first)
        with pytest.raises(StaleRecord, match="a1"):
            await rig.store.save(first)
        with pytest.raises(StaleRecord):
            await rig.store.save(record_of("a1"))
        assert await rig.store.load("a1") == second

    async def test_only_one_of_two_writes_on_the_same_revision_wins(self, rig: Rig) -> None:
        first = await rig.store.save(record_of("a1"))
        writes = [rig.store.save(replace(first, made=n)) for n in range(10, 20)]
        done = await asyncio.gather(*writes, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["CallRecord"] + ["StaleRecord"] * 9

    async def test_nobody_writes_another_workers_record(self, rig: Rig) -> None:
        saved = await rig.store.save(record_of("a1"))
        with pytest.raises(StaleRecord):
            await rig.other.save(replace(saved, worker="attendant.2"))
        assert await rig.store.load("a1") == saved

    async def test_a_deleted_record_cannot_be_written_on(self, rig: Rig) -> None:
        saved = await rig.store.save(record_of("a1"))
        await rig.store.delete("a1", "attendant.1")
        with pytest.raises(StaleRecord):
            await rig.store.save(saved)
        with pytest.raises(StaleRecord):
            await rig.other.claim("a1", "attendant.2", "attendant.1")
        assert await rig.store.load("a1") is None
        assert await rig.store.calls() == ()
        await rig.store.delete("a1", "attendant.1")
        await rig.store.delete("never-was", "attendant.1")

    async def test_a_claimed_call_is_the_claimants(self, rig: Rig) -> None:
        saved = await rig.store.save(record_of("a1"))
        claimed = await rig.other.claim("a1", "attendant.2", "attendant.1")
        assert claimed == replace(saved, worker="attendant.2", revision=2)
        assert await rig.store.load("a1") == claimed
        with pytest.raises(StaleRecord):
            await rig.store.save(replace(saved, phase="ending"))
        await rig.store.delete("a1", "attendant.1")
        assert await rig.other.save(claimed) == replace(claimed, revision=3)

    async def test_who_comes_late_claims_nothing(self, rig: Rig) -> None:
        await rig.store.save(record_of("a1"))
        await rig.other.claim("a1", "attendant.2", "attendant.1")
        with pytest.raises(StaleRecord):
            await rig.store.claim("a1", "attendant.3", "attendant.1")
        with pytest.raises(StaleRecord):
            await rig.other.claim("a1", "attendant.2", "attendant.1")
        with pytest.raises(StaleRecord):
            await rig.store.claim("nobody", "attendant.3", "attendant.1")

    async def test_of_two_who_claim_exactly_one_wins(self, rig: Rig) -> None:
        for n in range(100):
            call = f"a{n}"
            await rig.store.save(record_of(call, worker="attendant.9"))
            claims = [
                rig.store.claim(call, "attendant.1", "attendant.9"),
                rig.other.claim(call, "attendant.2", "attendant.9"),
            ]
            done = await asyncio.gather(*claims, return_exceptions=True)
            winners = [one for one in done if isinstance(one, CallRecord)]
            assert len(winners) == 1
            assert sum(isinstance(one, StaleRecord) for one in done) == 1
            assert await rig.store.load(call) == winners[0]

    async def test_what_a_store_wrote_itself_is_not_lost(self, rig: Rig) -> None:
        await rig.store.save(record_of("a1"))
        with pytest.raises(StaleRecord):
            await rig.store.claim("a1", "attendant.1", "attendant.1")

    async def test_an_effect_begins_once(self, rig: Rig) -> None:
        assert await rig.store.begin("a1", "transfer:7") == Begun()
        assert await rig.other.begin("a1", "transfer:7") == Uncertain()
        assert await rig.store.begin("a1", "transfer:7") == Uncertain()
        assert await rig.store.begin("a1", "transfer:8") == Begun()
        assert await rig.store.begin("a2", "transfer:7") == Begun()

    async def test_of_many_who_begin_one_may(self, rig: Rig) -> None:
        asked = [one.begin("a1", "pay") for one in (rig.store, rig.other) * 10]
        answers = await asyncio.gather(*asked)
        assert sorted(map(str, answers)) == ["Begun()"] + ["Uncertain()"] * 19

    @pytest.mark.parametrize("result", ["booked: 17 Uhr für Zoë", "", "?", "a\0b\r\n"])
    async def test_a_finished_effect_is_known(self, rig: Rig, result: str) -> None:
        await rig.store.begin("a1", "book")
        await rig.store.finish("a1", "book", result)
        assert await rig.other.begin("a1", "book") == Finished(result)

    async def test_effects_go_with_the_call(self, rig: Rig) -> None:
        await rig.store.save(record_of("a1"))
        await rig.store.begin("a1", "book")
        await rig.store.delete("a1", "attendant.1")
        assert await rig.store.begin("a1", "book") == Begun()

    async def test_effects_of_a_claimed_call_stay(self, rig: Rig) -> None:
        await rig.store.save(record_of("a1"))
        await rig.store.begin("a1", "book")
        await rig.other.claim("a1", "attendant.2", "attendant.1")
        await rig.store.delete("a1", "attendant.1")
        assert await rig.other.begin("a1", "book") == Uncertain()

    async def test_text_that_no_encoding_holds_is_kept_as_far_as_it_goes(self, rig: Rig) -> None:
        await rig.store.save(record_of("a1", caller="x\ud800y"))
        await rig.store.begin("a1", "\ud800")
        await rig.store.finish("a1", "\ud800", "\udfff")
        loaded = await rig.store.load("a1")
        assert loaded is not None
        assert loaded.caller in ("x\ud800y", "x?y")
        assert isinstance(await rig.store.begin("a1", "\ud800"), Finished)

    async def test_it_answers_and_is_healthy(self, rig: Rig) -> None:
        await rig.store.ping()
        assert rig.store.healthy
