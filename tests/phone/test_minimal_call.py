import asyncio

import numpy as np
import pytest

from ari_app.phone.port import PhoneError
from tests.support.audio import tone
from tests.support.phones import pair, talking


async def test_audio_arrives_sample_for_sample_in_both_directions() -> None:
    async with pair() as (alice, bob):
        call, incoming = await talking(alice, bob)
        call.play(tone(440, 0.2))
        incoming.play(tone(700, 0.2))
        await asyncio.gather(call.played(), incoming.played())
        await asyncio.sleep(0.05)
        await call.hang_up()
        ended = await incoming.ended(1.0)
        assert (ended.by, ended.status) == ("them", 200)
        for here, there in [(call, incoming), (incoming, call)]:
            sent, heard = here.sent_audio(), there.heard()
            assert np.abs(sent).max() > 2000
            voice = sent[np.flatnonzero(sent)[0] : np.flatnonzero(sent)[-1] + 1]
            begin = np.flatnonzero(heard)[0]
            assert np.array_equal(heard[begin : begin + len(voice)], voice)
            at = (begin - np.flatnonzero(sent)[0]) / 8000
            assert abs(at) < 0.1, "both timelines begin with the answer"
        gaps = np.diff([packet.at for packet in incoming.packets])
        assert abs(np.median(gaps) - 0.02) < 0.005


async def test_keys_hold_and_mute_are_seen_by_the_other_side() -> None:
    async with pair() as (alice, bob):
        call, incoming = await talking(alice, bob)
        await call.press("1#", tone=0.06, gap=0.06)
        await call.press_info("5")
        assert incoming.digits_received == "1#5"
        await call.hold()
        await asyncio.sleep(0.05)
        before = len(call.packets)
        await asyncio.sleep(0.1)
        assert len(call.packets) == before, "who is held sends nothing"
        await call.unhold()
        await asyncio.sleep(0.1)
        assert len(call.packets) > before
        call.mute(True)
        await asyncio.sleep(0.03)
        before = len(incoming.packets)
        await asyncio.sleep(0.1)
        assert len(incoming.packets) == before
        await incoming.hang_up()
        assert (await call.ended(1.0)).by == "them"


async def test_strangers_are_not_heard() -> None:
    async with pair() as (alice, bob):
        call, incoming = await talking(alice, bob)
        loop = asyncio.get_running_loop()
        stranger, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=call.media_address
        )
        stranger.sendto(b"\x80\x00" + bytes(170))
        stranger.sendto(b"noise")
        await asyncio.sleep(0.05)
        stranger.close()
        assert call.strangers == 2
        await incoming.hang_up()


async def test_only_an_incoming_call_can_be_answered() -> None:
    async with pair() as (alice, bob):
        call, incoming = await talking(alice, bob)
        for verb in (call.answer(), call.ring(), call.reject(), incoming.answer()):
            with pytest.raises(PhoneError, match="answered"):
                await verb
        await call.hang_up()
        with pytest.raises(PhoneError, match="ended"):
            await call.hold()
