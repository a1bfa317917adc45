"""Phones that are not ours call the agent."""

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ari_app.cli.site import Site
from ari_app.media.values import Audio, Samples
from ari_app.pbx.installation import install
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Listener
from ari_app.phone.pjsua import is_built
from tests.support.answering import answering
from tests.support.audio import level, level_at, silence, tone
from tests.support.baresip import running_baresip
from tests.support.calls import answered_call, nothing_left, phone_of, story, until
from tests.support.pbx import PREFIX, Sipp, application, phone_ports, wait_until

pytestmark = pytest.mark.e2e


def seconds_of(sound: Samples, frequency: float) -> float:
    """For how long the tone is in it."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    return 0.02 * sum(level_at(f, frequency) > max(-26.0, level(f) - 3) for f in frames)


async def test_sipp_is_answered_and_heard(pbx: Sandbox, tmp_path: Path) -> None:
    async with answering(pbx) as worker:
        sipp = Sipp(pbx, tmp_path, "700", seconds=1.0)
        answered = await worker.call()
        await answered.media()
        statistics = await answered.statistics()
        assert await asyncio.to_thread(sipp.finished, within=5.0)
    assert seconds_of(answered.heard(), 440) > 1.5
    assert answered.digits == "#"
    assert statistics.lost == 0
    assert "SIP/2.0 180" in sipp.messages()
    await nothing_left(pbx)


async def test_baresip_and_we_hear_each_other(pbx: Sandbox, tmp_path: Path) -> None:
    await asyncio.to_thread(partial(install, PREFIX, packages=["baresip-core"]))
    host, port = pbx.sip_address
    password = pbx.secret_file("bob").read_text()
    account = f"<sip:bob@{host}:{port}>;auth_pass={password};regint=60;audio_codecs=PCMA"
    # baresip hangs up when its microphone's file ends
    microphone = np.concatenate([silence(0.5), tone(700, 2.0), silence(10.0)])
    first = phone_ports(pbx)[1] - 19
    async with (
        answering(pbx) as worker,
        running_baresip(tmp_path, account, microphone, first) as baresip,
    ):
        registered = partial(wait_until, lambda: "bob/sip" in pbx.cli("pjsip show contacts"))
        await asyncio.to_thread(registered, 5.0, "baresip registered")
        await baresip.run("dial", f"sip:700@{host}:{port}")
        answered = await worker.call()
        media = await answered.media()
        await baresip.until("CALL_ESTABLISHED")
        media.play("tone", Audio(tone(440, 1.0)))
        media.finish("tone")
        await asyncio.sleep(2.5)
        await baresip.run("sndcode", "5")
        await until(lambda: answered.digits == "5", 3, "the key")
        await baresip.run("hangup")
        await baresip.until("CALL_CLOSED")
        assert seconds_of(baresip.heard(), 440) == pytest.approx(1.0, abs=0.2)
    assert seconds_of(answered.heard(), 700) > 1.5
    await nothing_left(pbx)


@pytest.mark.skipif(not is_built(), reason="pjsua2 is not built: run `make phone`")
async def test_pjsua2_talks_with_the_agent_and_reaches_the_mailbox(
    pbx: Sandbox, tmp_path: Path
) -> None:
    site = Site(tmp_path / "site", pbx)
    site.configure()
    await asyncio.to_thread(site.start)
    try:
        async with phone_of(pbx, kind="pjsua") as phone:
            call = await answered_call(phone)
            listener = Listener(call)
            assert await listener.onset() < 1.0
            await call.press("2")
            listener.forget()
            await listener.utterance(quiet=0.3)
            await until(lambda: application(pbx) == ["VoiceMail"], 8, "the mailbox")
            await call.hang_up()
        await nothing_left(pbx)
    finally:
        status = await asyncio.to_thread(site.stop)
    assert status == 0
    assert story(site)[-1]["outcome"] == "handed over to mailbox"
