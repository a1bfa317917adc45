"""Calls to the front desk, as callers make them."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ari_app.cli.site import Site
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener, stretches
from ari_app.phone.port import PhoneCall, PhoneError
from tests.support.calls import (
    answered_call,
    messages,
    nothing_left,
    outside_phone,
    phone_of,
    spoken,
    story,
    tone,
    until,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def site(pbx: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A worker at the front desk for all tests of this module."""
    made = Site(tmp_path_factory.mktemp("site"), pbx)
    made.configure()
    made.start()
    yield made
    assert made.stop() == 0


def medias(pbx: Sandbox) -> list[str]:
    """The ids of the media channels on the PBX."""
    lines = pbx.cli("core show channels concise").splitlines()
    return [line.split("!")[-1] for line in lines if line.startswith("UnicastRTP")]


async def test_the_caller_is_greeted_soon_after_the_answer(pbx: Sandbox, site: Site) -> None:
    async with phone_of(pbx) as phone:
        call = await answered_call(phone)
        onset = await Listener(call).onset()
        assert onset < 0.8
        await call.hang_up()
    said = [entry for entry in story(site) if entry["kind"] == "phase"]
    talking = next(entry["at"] for entry in said if entry["phase"] == "talking")
    assert isinstance(talking, float)
    assert talking < 1.0
    await nothing_left(pbx)


# Callers who take their time, all at once.


@dataclass(frozen=True)
class Visit:
    """One of several calls at the same time."""

    site: Site
    call: PhoneCall
    name: str
    "Of the call, in the journal."

    def entries(self, kind: str) -> list[dict[str, object]]:
        return [entry for entry in story(self.site, self.name) if entry["kind"] == kind]

    def medias(self) -> list[str]:
        return [name for name in medias(self.site.sandbox) if self.name in name]


async def asks_by_voice_and_answers_by_key(visit: Visit) -> None:
    listener = Listener(visit.call)
    await listener.utterance()
    visit.call.play(await spoken("opening hours"))
    await visit.call.played()
    hours = await listener.utterance()
    assert hours.until - hours.at > 2.0
    await visit.call.press("1")  # yes, there is something else
    await listener.utterance()
    understood = [(entry["by"], entry["text"]) for entry in visit.entries("caller_said")]
    assert understood == [("speech", "opening hours"), ("keys", "1")]


async def leaves_a_message(visit: Visit) -> None:
    sandbox = visit.site.sandbox
    before = messages(sandbox)
    listener = Listener(visit.call)
    await listener.utterance()
    await visit.call.press("2")
    await listener.utterance(quiet=0.3)
    await until(lambda: stretches(visit.call.heard_since(listener.now - 1.0)), 8, "the tone")
    visit.call.play(tone(440, 2.0))
    await visit.call.played()
    await visit.call.hang_up()
    await until(lambda: len(messages(sandbox)) > len(before), 5, "a message in the mailbox")
    assert visit.entries("phase")[-1]["outcome"] == "handed over to mailbox"


async def never_speaks_and_is_let_go(visit: Visit) -> None:
    ended = await visit.call.ended(60)
    assert ended.by == "them"
    said = [str(entry["text"]) for entry in visit.entries("agent_said")]
    assert len(said) == 5, said
    assert "Goodbye" in said[-1]


async def mutes_and_loses_no_media(visit: Visit) -> None:
    media = visit.medias()
    assert media
    visit.call.mute(True)
    await asyncio.sleep(10.0)
    assert visit.medias() == media, "the media was made anew without need"
    visit.call.mute(False)
    heard = stretches(visit.call.heard())
    assert heard[-1].until > 4.0
    visit.call.play(await spoken("opening hours"))
    await until(lambda: visit.entries("caller_said"), 8, "an answer")


async def sends_nothing_after_the_last_word(visit: Visit) -> None:
    listener = Listener(visit.call)
    visit.call.mute(True)
    await listener.utterance()
    visit.call.mute(False)
    visit.call.play(await spoken("opening hours"))
    await visit.call.played()
    visit.call.mute(True)
    said = listener.now
    hours = await listener.utterance()
    assert hours.at - said < 3.0
    assert visit.entries("caller_said")


async def speaks_over_the_notice_in_vain(visit: Visit) -> None:
    await asyncio.sleep(0.6)
    visit.call.play(await spoken("support please"))
    await until(lambda: visit.entries("agent_said"), 8, "the notice")
    notice = visit.entries("agent_said")[0]
    assert notice["text"] == "You are talking with an automated assistant."
    assert not notice["cut"]


async def loses_the_media_and_goes_on(visit: Visit) -> None:
    sandbox = visit.site.sandbox
    listener = Listener(visit.call)
    await asyncio.sleep(1.0)
    concise = sandbox.cli("core show channels concise").splitlines()
    media = next(
        line.split("!")[0] for line in concise if visit.name in line and "UnicastRTP" in line
    )
    sandbox.cli(f"channel request hangup {media}")
    await asyncio.sleep(1.0)
    listener.forget()
    await listener.utterance()
    await visit.call.press("2")
    await until(lambda: visit.entries("phase")[-1]["phase"] == "ended", 10, "handed over")
    assert visit.entries("phase")[-1]["outcome"] == "handed over to mailbox"


async def test_callers_of_seven_kinds_at_once(pbx: Sandbox, site: Site) -> None:
    visits = (
        asks_by_voice_and_answers_by_key,
        leaves_a_message,
        never_speaks_and_is_let_go,
        mutes_and_loses_no_media,
        sends_nothing_after_the_last_word,
        speaks_over_the_notice_in_vain,
        loses_the_media_and_goes_on,
    )
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for number, behave in enumerate(visits):
            phone = await stack.enter_async_context(outside_phone(pbx, f"555100{number}"))
            call = await answered_call(phone)
            name = next(
                str(entry["call"])
                for entry in reversed(list(site.journal()))
                if entry.get("phase") == "preparing"
            )
            group.create_task(behave(Visit(site, call, name)), name=behave.__name__)
    await nothing_left(pbx)


# One at a time.


async def test_speech_interrupts_a_question_at_once(pbx: Sandbox, site: Site) -> None:
    async with phone_of(pbx) as phone:
        call = await answered_call(phone)
        await asyncio.sleep(4.0)  # in the middle of the menu
        began = len(call.heard()) / 8000
        call.play(await spoken("support please"))
        await call.played()
        await asyncio.sleep(0.3)
        loud = stretches(call.heard_since(began), gap=0.1)
        assert loud[0].until < 0.6, "the agent goes on speaking over the caller"
        await until(
            lambda: any(entry["kind"] == "caller_said" for entry in story(site)), 5, "an answer"
        )
        await call.hang_up()
    entries = story(site)
    cut = [entry for entry in entries if entry["kind"] == "agent_said" and entry["cut"]]
    assert cut
    assert "or support" not in str(cut[0]["text"]), "the record holds words nobody heard"
    await nothing_left(pbx)


async def test_an_unknown_extension_is_the_pbxs_business(pbx: Sandbox, site: Site) -> None:
    async with phone_of(pbx) as phone:
        call = await phone.call("7999")
        with pytest.raises(PhoneError):
            await call.answered(5)
        assert (await call.ended(1)).status == 404


@pytest.mark.parametrize("seed", range(2))
async def test_callers_hang_up_at_any_instant(pbx: Sandbox, site: Site, seed: int) -> None:
    chance = random.Random(seed)
    delays = [
        chance.choice([0, 0.002, 0.005, 0.008, 0.012, 0.05, 0.25, 0.6, 2.0])
        * chance.uniform(0.5, 1.5)
        for _ in range(10)
    ]

    async def one(delay: float) -> None:
        async with outside_phone(pbx, f"555{int(delay * 1e5):06d}") as phone:
            call = await phone.call("700")
            await asyncio.sleep(delay)
            await call.hang_up()

    await asyncio.gather(*(one(delay) for delay in delays))
    await nothing_left(pbx)


async def test_the_pbx_hangs_the_caller_up(pbx: Sandbox, site: Site) -> None:
    async with phone_of(pbx) as phone:
        call = await answered_call(phone)
        await asyncio.sleep(1.0)
        pbx.cli("channel request hangup all")
        await call.ended(5)
    await nothing_left(pbx)
    async with phone_of(pbx) as phone:
        await (await answered_call(phone)).hang_up()
    await nothing_left(pbx)


async def test_twenty_calls_at_once(pbx: Sandbox, site: Site) -> None:
    async def one(number: int) -> float:
        async with outside_phone(pbx, f"5552{number:03d}") as phone:
            call = await answered_call(phone)
            onset = await Listener(call).onset()
            await asyncio.sleep(3.0)
            heard = stretches(call.heard(), gap=0.3)
            assert sum(one.until - one.at for one in heard) > 2.0
            await call.hang_up()
            return onset

    onsets = await asyncio.gather(*(one(number) for number in range(20)))
    assert max(onsets) < 2.0
    await nothing_left(pbx)


def test_the_worker_left_no_error_in_its_log(site: Site) -> None:
    """Last: whatever the tests before did to it."""
    log = Path(site.log).read_text()
    assert '"level": "error"' not in log
    assert "Traceback" not in log
