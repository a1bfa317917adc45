"""Sound through a real Asterisk, both ways, sample by sample: no agent, only tones."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from ari_app.media.values import Audio, Played, Samples, StreamQuiet
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.port import Phone
from tests.support.answering import Answered, Worker, answering
from tests.support.audio import level, level_at, tone
from tests.support.calls import answered_call, nothing_left, phone_of, until

pytestmark = pytest.mark.e2e

CALLERS, OURS = 440.0, 615.0
"Hz. No whole periods in 20 ms, so that a frame too few or too many shows as a jump of phase."
LEVEL = -20.0
"dBFS of both."


@pytest.fixture
async def phone(pbx: Sandbox) -> AsyncIterator[Phone]:
    async with phone_of(pbx) as opened:
        yield opened


async def connected(phone: Phone, worker: Worker) -> tuple[MinimalCall, Answered]:
    call = await answered_call(phone)
    assert isinstance(call, MinimalCall)
    answered = await worker.call()
    await answered.media()
    await asyncio.sleep(0.2)
    return call, answered


def frames_of(sound: Samples) -> Samples:
    return sound[: len(sound) // 160 * 160].reshape(-1, 160)


def assert_whole(sound: Samples, frequency: float, seconds: float) -> None:
    """Somewhere in the sound is exactly this much of a tone, in one piece."""
    loud = np.flatnonzero([level(frame) > LEVEL - 15 for frame in frames_of(sound)])
    assert len(loud), "no sound at all"
    assert np.diff(loud).max(initial=1) == 1, "a gap of 20 ms or more"
    assert len(loud) * 0.02 == pytest.approx(seconds, abs=0.03)
    run = sound[(loud[0] + 1) * 160 : loud[-1] * 160]
    # The tone over its whole length: a missing or doubled stretch turns its phase.
    assert level_at(run, frequency) == pytest.approx(LEVEL, abs=0.5)
    assert level(run) == pytest.approx(LEVEL, abs=0.5)


@pytest.mark.parametrize("codec", ["ulaw", "alaw", "slin"])
async def test_a_tone_each_way_arrives_whole(pbx: Sandbox, phone: Phone, codec: str) -> None:
    async with answering(pbx, codec) as worker:
        call, answered = await connected(phone, worker)
        media = await answered.media()
        began = len(answered.frames)
        clock = asyncio.get_running_loop().time
        start = clock()
        media.play("tone", Audio(tone(OURS, 2.0)))
        media.finish("tone")
        call.play(tone(CALLERS, 2.0))
        await call.played()
        await asyncio.sleep(0.4)
        assert (len(answered.frames) - began) * 0.02 == pytest.approx(clock() - start, abs=0.1)
        assert_whole(answered.heard(), CALLERS, 2.0)
        assert_whole(call.heard(), OURS, 2.0)
        played = [event for event in answered.others if isinstance(event, Played)]
        assert (played[-1].item, played[-1].state) == ("tone", "finished")
        assert played[-1].seconds == pytest.approx(2.0, abs=0.001)
        await call.hang_up()
        statistics = await answered.statistics()
    assert (statistics.lost, statistics.concealed, statistics.malformed) == (0, 0, 0)
    await nothing_left(pbx)


async def test_frames_reach_the_phone_every_20_ms(pbx: Sandbox, phone: Phone) -> None:
    async with answering(pbx) as worker:
        call, _ = await connected(phone, worker)
        first = len(call.packets)
        await asyncio.sleep(4.0)
        packets = call.packets[first:]
        await call.hang_up()
    gaps = 1000 * np.diff([packet.at for packet in packets])
    p50, p99 = np.percentile(gaps, [50, 99])
    print(f"gaps at the phone: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {gaps.max():.1f} ms")
    assert np.mean(gaps) == pytest.approx(20, abs=0.2)
    assert p99 < 35
    assert set(np.diff([packet.sequence for packet in packets]) % 65536) == {1}
    assert set(np.diff([packet.timestamp for packet in packets]) % 2**32) == {160}
    assert not any(packet.marker for packet in packets)


async def test_keys_leave_no_hole_in_what_we_hear(pbx: Sandbox, phone: Phone) -> None:
    async with answering(pbx) as worker:
        call, answered = await connected(phone, worker)
        call.play(tone(CALLERS, 4.0))
        await asyncio.sleep(0.5)
        await call.press("1590#", tone=0.1, gap=0.1)
        await until(lambda: answered.digits == "1590#", 2, "the keys")
        frames = len(answered.frames)
        await asyncio.sleep(1.0)
        assert len(answered.frames) - frames == pytest.approx(50, abs=4)
        await call.hang_up()
        statistics = await answered.statistics()
    assert (statistics.lost, statistics.concealed) == (0, 0)


async def test_hold_is_silence_that_was_expected_and_sound_returns_both_ways(
    pbx: Sandbox, phone: Phone
) -> None:
    async with answering(pbx) as worker:
        call, answered = await connected(phone, worker)
        media = await answered.media()
        await call.hold()
        await until(lambda: answered.holds == [True], 1, "CallerHeld")
        frames = len(answered.frames)
        await asyncio.sleep(2.5)
        assert len(answered.frames) - frames == pytest.approx(125, abs=5)
        assert not [event for event in answered.others if isinstance(event, StreamQuiet)]
        await call.unhold()
        await until(lambda: answered.holds == [True, False], 1, "CallerResumed")
        heard, ours = len(call.heard()), len(answered.heard())
        media.play("tone", Audio(tone(OURS, 1.0)))
        media.finish("tone")
        call.play(tone(CALLERS, 1.0))
        await call.played()
        await asyncio.sleep(0.4)
        assert_whole(answered.heard()[ours:], CALLERS, 1.0)
        assert_whole(call.heard()[heard:], OURS, 1.0)
        await call.hang_up()
    await nothing_left(pbx)
