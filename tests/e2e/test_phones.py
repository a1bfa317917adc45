"""Both phones against a real Asterisk, and against each other through it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ari_app.media.values import Samples
from ari_app.pbx.installation import install
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone import Phone, PhoneCall, PhoneError, open_phone
from ari_app.phone.choose import Kind
from ari_app.phone.minimal import MinimalPhone
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.pjsua import is_built
from tests.support.audio import level, level_at, tone
from tests.support.baresip import running_baresip
from tests.support.pbx import PREFIX, Sipp, application, phone_ports, wait_until

pytestmark = pytest.mark.e2e

ECHO = "600"
Open = Callable[..., AbstractAsyncContextManager[Phone]]


@pytest.fixture(params=["minimal", "pjsua"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """The kind of phone; pjsua where `make phone` has built it."""
    if request.param == "pjsua" and not is_built():
        pytest.skip("pjsua2 is not built: run `make phone`")
    kind: Kind = request.param
    return kind


@pytest.fixture
async def phone(pbx: Sandbox, kind: Kind) -> AsyncIterator[Phone]:
    """Alice's phone, registered."""
    async with opened(pbx, kind, "alice") as phone:
        await phone.register()
        yield phone


def opened(pbx: Sandbox, kind: Kind, user: str) -> AbstractAsyncContextManager[Phone]:
    password = pbx.secret_file(user).read_text()
    return open_phone(kind, user=user, password=password, registrar=pbx.sip_address)


async def echoing(phone: Phone) -> PhoneCall:
    call = await phone.call(ECHO)
    await call.answered()
    return call


def heard_seconds(heard: Samples, frequency: float) -> float:
    """For how long a tone was heard, in steps of 20 ms."""
    frames = heard[: len(heard) // 160 * 160].reshape(-1, 160)
    return 0.02 * sum(level_at(f, frequency) > -26 and level(f) < -15 for f in frames)


async def test_a_tone_comes_back_from_the_echo(phone: Phone) -> None:
    call = await echoing(phone)
    call.play(tone(440, 1.0))
    await call.played()
    await asyncio.sleep(0.4)
    heard, sent = call.heard(), call.sent_audio()
    assert abs(len(heard) - len(sent)) <= 160
    assert heard_seconds(sent, 440) == pytest.approx(1.0, abs=0.05)
    assert heard_seconds(heard, 440) == pytest.approx(1.0, abs=0.1)
    assert heard_seconds(heard, 700) == 0
    delay = np.flatnonzero(np.abs(heard) > 500)[0] - np.flatnonzero(np.abs(sent) > 500)[0]
    assert 0 <= delay / 8000 < 0.4
    await call.hang_up()
    assert (await call.ended()).by == "us"


async def test_keys_come_back_from_the_echo(phone: Phone) -> None:
    call = await echoing(phone)
    await call.press("1590*", tone=0.1, gap=0.1)
    await asyncio.sleep(0.4)
    assert call.digits_received == "1590*"
    await call.press("#")  # ends Asterisk's echo
    ended = await call.ended(5.0)
    assert (ended.by, ended.status) == ("them", 200)
    assert ended.cause is not None, "Asterisk sends a Reason header"


async def test_a_key_by_info_is_heard_by_asterisk(phone: Phone) -> None:
    call = await echoing(phone)
    await call.press_info("#")
    assert (await call.ended(5.0)).by == "them"


async def test_hold_is_seen_by_asterisk_and_ends(pbx: Sandbox, phone: Phone) -> None:
    call = await echoing(phone)
    await call.hold()
    await call.unhold()
    begin = len(call.heard()) / 8000
    call.play(tone(440, 0.5))
    await call.played()
    await asyncio.sleep(0.3)
    assert heard_seconds(call.heard_since(begin), 440) == pytest.approx(0.5, abs=0.1)
    await call.hang_up()


async def test_frames_keys_and_mute_as_the_far_side_sees_them(phone: Phone) -> None:
    async with open_phone("minimal", user="far", registrar=("127.0.0.1", 9)) as far:
        assert isinstance(far, MinimalPhone)
        call = await phone.call("sip:far@{}:{}".format(*far.address))
        incoming = await far.incoming()
        await incoming.answer()
        await call.answered()
        assert isinstance(incoming, MinimalCall)
        await asyncio.sleep(1.0)
        gaps = 1000 * np.diff([packet.at for packet in incoming.packets])
        assert np.mean(gaps) == pytest.approx(20, abs=0.5)
        assert np.percentile(gaps, 90) < 30
        await call.press("19*", tone=0.1, gap=0.1)
        assert incoming.digits_received == "19*"
        call.mute(True)
        await asyncio.sleep(0.3)
        before = len(incoming.packets)
        await asyncio.sleep(0.5)
        assert len(incoming.packets) == before
        call.mute(False)
        await asyncio.sleep(0.3)
        assert len(incoming.packets) > before
        assert incoming.packets[before].marker
        await call.hang_up()
        assert (await incoming.ended()).by == "them"


async def test_an_unknown_extension_is_refused(phone: Phone) -> None:
    call = await phone.call("5999")
    with pytest.raises(PhoneError, match="404"):
        await call.answered()
    ended = await call.ended()
    assert (ended.by, ended.status) == ("them", 404)


async def test_a_wrong_password_is_refused(pbx: Sandbox, kind: Kind) -> None:
    async with open_phone(kind, user="alice", password="no", registrar=pbx.sip_address) as phone:
        with pytest.raises(PhoneError, match="40"):
            await phone.register()


async def test_one_phone_calls_the_other(pbx: Sandbox, phone: Phone, kind: Kind) -> None:
    async with opened(pbx, kind, "bob") as bob:
        await bob.register()
        call = await phone.call("1002")
        incoming = await bob.incoming()
        await incoming.ring()
        await call.ringing()
        await incoming.answer()
        await call.answered()
        call.play(tone(440, 0.5))
        incoming.play(tone(700, 0.5))
        await asyncio.gather(call.played(), incoming.played())
        await asyncio.sleep(0.4)
        assert heard_seconds(incoming.heard(), 440) == pytest.approx(0.5, abs=0.1)
        assert heard_seconds(call.heard(), 700) == pytest.approx(0.5, abs=0.1)
        await incoming.hang_up()
        assert (await call.ended()).by == "them"


async def test_a_busy_phone_sends_its_caller_to_the_mailbox(
    pbx: Sandbox, phone: Phone, kind: Kind
) -> None:
    async with opened(pbx, kind, "bob") as bob:
        await bob.register()
        call = await phone.call("1002")
        incoming = await bob.incoming()
        await incoming.reject(486)
        ended = await incoming.ended()
        assert (ended.by, ended.status) == ("us", 486)
        await call.answered()
        assert "VoiceMail" in application(pbx)
        await call.hang_up()


async def test_a_call_given_up_stops_ringing(pbx: Sandbox, phone: Phone, kind: Kind) -> None:
    async with opened(pbx, kind, "bob") as bob:
        await bob.register()
        call = await phone.call("1002")
        incoming = await bob.incoming()
        await incoming.ring()
        await call.ringing()
        await call.hang_up()
        assert (await call.ended()).status == 487
        assert (await incoming.ended()).by == "them"


async def test_twenty_calls_at_once(pbx: Sandbox) -> None:
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(opened(pbx, "minimal", "alice"))
        calls = await asyncio.gather(*(echoing(phone) for _ in range(20)))
        for call in calls:
            call.play(tone(440, 1.0))
        await asyncio.gather(*(call.played() for call in calls))
        await asyncio.sleep(0.3)
        for call in calls:
            assert heard_seconds(call.heard(), 440) == pytest.approx(1.0, abs=0.1)


async def test_sipp_calls_a_phone(pbx: Sandbox, phone: Phone, tmp_path: Path) -> None:
    sipp = Sipp(pbx, tmp_path, "1001", seconds=1.0)
    incoming = await phone.incoming()
    await incoming.answer()
    assert (await incoming.ended()).by == "them"
    assert heard_seconds(incoming.heard(), 440) > 1.5
    assert incoming.digits_received == "#"
    assert await asyncio.to_thread(sipp.finished, within=5.0)


async def test_baresip_and_a_phone_talk(pbx: Sandbox, phone: Phone, tmp_path: Path) -> None:
    install(PREFIX, packages=["baresip-core"])
    host, port = pbx.sip_address
    password = pbx.secret_file("bob").read_text()
    account = f"<sip:bob@{host}:{port}>;auth_pass={password};regint=60;audio_codecs=PCMU"
    first = phone_ports(pbx)[1] - 19
    async with running_baresip(tmp_path, account, tone(700, 8.0), first) as baresip:
        registered = partial(wait_until, lambda: "bob/sip" in pbx.cli("pjsip show contacts"))
        await asyncio.to_thread(registered, 5.0, "baresip registered")
        await baresip.run("dial", f"sip:1001@{host}:{port}")
        incoming = await phone.incoming()
        await incoming.answer()
        await baresip.until("CALL_ESTABLISHED")
        incoming.play(tone(440, 1.0))
        await incoming.played()
        await baresip.run("sndcode", "5")
        await asyncio.sleep(1.0)
        await baresip.run("hangup")
        assert (await incoming.ended()).by == "them"
        await baresip.until("CALL_CLOSED")
        assert incoming.digits_received == "5"
        assert heard_seconds(incoming.heard(), 700) > 0.8
        assert heard_seconds(baresip.heard(), 440) == pytest.approx(1.0, abs=0.2)
