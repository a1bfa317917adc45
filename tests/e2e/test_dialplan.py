"""What the dialplan does with a caller when there is no agent, or none that is alive."""

import asyncio
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ari_app.pbx.sandbox import Sandbox
from ari_app.pbx.values import EMERGENCY
from tests.support.pbx import SilentWorker, Sipp, application, silent_worker, wait_until

pytestmark = pytest.mark.e2e

OURS = ("routing", "agent", "transfer", "fallback", "check")


@pytest.fixture
def quiet_pbx(make_pbx: Callable[..., Sandbox]) -> Sandbox:
    """A PBX of the test's own: what its only call does can be asked of the whole PBX."""
    return make_pbx()


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Callable[..., Sipp]]:
    """call(pbx, "700", seconds=3); sipp is ended with the test."""
    calls: list[Sipp] = []

    def place(sandbox: Sandbox, extension: str, *, seconds: float = 3.0) -> Sipp:
        folder = tmp_path / f"sipp{len(calls)}"
        folder.mkdir()
        calls.append(Sipp(sandbox, folder, extension, seconds=seconds))
        return calls[-1]

    yield place
    for each in calls:
        each.abandon()


def reaches(sandbox: Sandbox, name: str, *, within: float) -> float:
    """The seconds until some channel is in that application."""
    return wait_until(lambda: name in application(sandbox), within, f"a channel in {name}")


def duration(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


@pytest.mark.parametrize("workers", [1, 3])
def test_without_an_agent_the_caller_is_in_voicemail_at_once(
    make_pbx: Callable[..., Sandbox], call: Callable[..., Sipp], workers: int
) -> None:
    pbx = make_pbx(workers=workers)
    sipp = call(pbx, "700", seconds=4.0)
    assert reaches(pbx, "VoiceMail", within=2.0) < 1.0
    assert sipp.finished(within=20.0)
    message = pbx.voicemail_dir / "msg0000.wav"
    wait_until(message.exists, 3.0, f"{message}")
    assert 2.0 < duration(message) < 6.0
    for worker in range(1, workers + 1):
        assert f"Stasis app 'attendant-{worker}' doesn't exist" in pbx.log.read_text()


async def test_the_one_worker_of_three_that_lives_gets_the_call(
    make_pbx: Callable[..., Sandbox], call: Callable[..., Sipp]
) -> None:
    pbx = make_pbx(workers=3)
    async with silent_worker(pbx, "attendant-2") as worker:
        sipp = call(pbx, "700")
        entered = await worker.next("StasisStart")
        assert entered["args"] == ["inbound", "700"]
        # even if this worker never says a word, the caller hears that it rings
        wait_until(lambda: "SIP/2.0 180 Ringing" in sipp.messages(), 1.0, "ringing at the phone")


async def test_dead_man_switch_a_hung_worker_costs_fifteen_seconds(
    quiet_pbx: Sandbox, call: Callable[..., Sipp]
) -> None:
    """One caller was answered, the other still hears ringing, when the worker stops caring."""
    async with silent_worker(quiet_pbx) as worker:
        began = time.monotonic()
        sipps = [call(quiet_pbx, "700", seconds=20.0)]
        answered = await worker.next("StasisStart")
        await worker.post(f"channels/{answered['channel']['id']}/answer")
        sipps.append(call(quiet_pbx, "700"))
        await worker.next("StasisStart")
        await asyncio.sleep(13.0 - (time.monotonic() - began))
        assert application(quiet_pbx) == ["Stasis", "Stasis"]
        while application(quiet_pbx) != ["VoiceMail", "VoiceMail"]:
            assert time.monotonic() - began < 16.0
            await asyncio.sleep(0.1)
    assert "hung" in quiet_pbx.log.read_text()
    # nor does the switch fire again: both stay until they hang up themselves
    assert all([await asyncio.to_thread(sipp.finished, within=20.0) for sipp in sipps])
    wait_until((quiet_pbx.voicemail_dir / "msg0000.wav").exists, 3.0, "a message")


async def test_a_worker_that_renews_the_switch_keeps_the_caller(
    quiet_pbx: Sandbox, call: Callable[..., Sipp]
) -> None:
    async with silent_worker(quiet_pbx) as worker:
        call(quiet_pbx, "700")
        channel = (await worker.next("StasisStart"))["channel"]["id"]
        for _ in range(6):
            await worker.post(
                f"channels/{channel}/variable", variable="TIMEOUT(absolute)", value="1"
            )
            await asyncio.sleep(0.5)
        assert application(quiet_pbx) == ["Stasis"]
        await asyncio.sleep(1.0)
        assert application(quiet_pbx) == ["VoiceMail"]


async def hand_over(worker: SilentWorker, **to: str) -> None:
    channel = (await worker.next("StasisStart"))["channel"]["id"]
    await worker.post(f"channels/{channel}/continue", **to)


@pytest.mark.parametrize(
    ("extension", "where"),
    [
        ("mailbox", "VoiceMail"),
        ("queue", "Queue"),
        ("person", "VoiceMail"),  # her phone is not there
        ("1000", "VoiceMail"),  # one of the PBX's own numbers
        ("1999", "VoiceMail"),  # would be, but the PBX does not have it
        ("911", "VoiceMail"),
        ("112", "VoiceMail"),
        ("5550199", "VoiceMail"),
        ("nonsense", "VoiceMail"),
    ],
)
async def test_hand_over(
    pbx: Sandbox, call: Callable[..., Sipp], extension: str, where: str
) -> None:
    before = len(pbx.log.read_text())
    async with silent_worker(pbx) as worker:
        call(pbx, "700")
        await hand_over(worker, context="attendant-transfer", extension=extension, priority="1")
        reaches(pbx, where, within=3.0)
    told = pbx.log.read_text()[before:]
    assert "taken by the host" not in told
    assert f"[{extension}@sandbox-phones:1]" in told if extension == "1000" else True
    pbx.cli("channel request hangup all")
    wait_until(lambda: not application(pbx), 3.0, "no channel")


@pytest.mark.parametrize(("chosen", "where"), [("", "VoiceMail"), ("queue", "Queue")])
async def test_handed_back_into_the_dialplan(
    pbx: Sandbox, call: Callable[..., Sipp], chosen: str, where: str
) -> None:
    async with silent_worker(pbx) as worker:
        call(pbx, "700")
        channel = (await worker.next("StasisStart"))["channel"]["id"]
        path = f"channels/{channel}"
        await worker.post(f"{path}/variable", variable="ATTENDANT_NEXT", value=chosen)
        await worker.post(f"{path}/continue")
        reaches(pbx, where, within=3.0)
    pbx.cli("channel request hangup all")
    wait_until(lambda: not application(pbx), 3.0, "no channel")


def test_without_voicemail_the_fallback_tries_person_and_queue(
    quiet_pbx: Sandbox, call: Callable[..., Sipp]
) -> None:
    quiet_pbx.cli("module unload app_voicemail.so")
    call(quiet_pbx, "700")
    reaches(quiet_pbx, "Queue", within=3.0)
    assert "Dial(" in quiet_pbx.log.read_text()


def test_emergency_numbers_never_match_in_our_contexts(pbx: Sandbox) -> None:
    contexts = [f"attendant-{name}" for name in OURS]
    assert pbx.cli("dialplan show").count("[ Context 'attendant-") == len(contexts)
    for context in contexts:
        for number in ["911", "112", "999", "9911", "0112", "+15550100", "5550199"]:
            assert "There is no existence of" in pbx.cli(f"dialplan show {number}@{context}")
    plan = pbx.cli("dialplan show attendant-routing")
    assert plan.count("=>") == 1  # one exact number, and no special extension to inherit
    assert not EMERGENCY & set(plan.replace("'", " ").split())


@pytest.mark.parametrize("number", ["112", "911", "999"])
def test_a_phone_that_dials_an_emergency_number_gets_the_hosts_own(
    pbx: Sandbox, number: str
) -> None:
    """Although our context is included before the host's."""
    plan = pbx.cli("dialplan show sandbox-phones")
    assert plan.index("'attendant-routing'") < plan.index("'sandbox-emergency'")
    before = len(pbx.log.read_text())
    pbx.cli(f"channel originate Local/{number}@sandbox-phones application Wait 1")

    def told() -> str:
        return pbx.log.read_text()[before:]

    wait_until(lambda: "emergency call taken by the host" in told(), 3.0, "the host's own way")
    assert "attendant" not in told()
