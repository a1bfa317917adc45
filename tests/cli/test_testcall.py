"""`attendant testcall`: between two phones of our own on loopback."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from ari_app.cli import testcall
from ari_app.cli.testcall import Plan, Recorded, place
from ari_app.errors import ConfigError
from ari_app.media.values import Audio
from ari_app.phone.minimal import MinimalPhone
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.port import Account, PhoneError
from tests.cli.conftest import Attendant
from tests.support.audio import tone

Callee = Callable[[MinimalCall], Awaitable[None]]


@asynccontextmanager
async def somebody(does: Callee) -> AsyncIterator[str]:
    """Who takes one call, at host:port."""
    phone = MinimalPhone(Account("desk", ("127.0.0.1", 5060)), ("127.0.0.1", 0))

    async def take() -> None:
        await does(await phone.incoming())

    taking = asyncio.create_task(take())
    try:
        yield f"127.0.0.1:{phone.address[1]}"
        await taking
    finally:
        taking.cancel()
        await phone.close()


async def greets(call: MinimalCall) -> None:
    await call.ring()
    await asyncio.sleep(0.1)
    await call.answer()
    call.play(tone(440, 0.5))
    await call.ended()


async def called(does: Callee, **plan: object) -> Recorded:
    async with somebody(does) as registrar:
        return await place(
            Plan("700", registrar, "tester", **plan),  # type: ignore[arg-type]
            None,
            kind="minimal",
        )


async def test_ringing_answer_speech_and_packets_are_measured() -> None:
    recorded = await called(greets, seconds=1.0)
    report = recorded.report
    assert report.ringing is not None
    assert 0 < report.ringing < report.answered
    assert 0.1 <= report.answered < 0.5
    assert len(report.heard) == 1
    assert report.heard[0].until - report.heard[0].at == pytest.approx(0.5, abs=0.05)
    assert report.received is not None
    assert 40 <= report.received <= 60
    assert (report.lost, report.ended.by) == (0, "us")
    assert report.seconds == pytest.approx(1.0, abs=0.2)
    assert len(recorded.sent) == len(recorded.heard)


async def test_keys_are_pressed_when_the_far_side_has_spoken() -> None:
    pressed = ""

    async def reads(call: MinimalCall) -> None:
        nonlocal pressed
        await greets(call)
        pressed = call.digits_received

    await called(reads, press="1#", seconds=2.0)
    assert pressed == "1#"


class Buzzer:
    async def speak(self, text: str, language: str = "en") -> AsyncIterator[Audio]:
        yield Audio(tone(700, 0.3))


async def test_what_is_to_be_said_is_sent() -> None:
    async with somebody(greets) as registrar:
        plan = Plan("700", registrar, "tester", say="hello", seconds=1.7)
        recorded = await place(plan, Buzzer(), kind="minimal")
    assert np.abs(recorded.sent).max() > 2000


async def test_who_says_nothing_is_spoken_to_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(testcall, "POLITE_SECONDS", 0.2)

    async def is_silent(call: MinimalCall) -> None:
        await call.answer()
        await call.ended()

    async with somebody(is_silent) as registrar:
        plan = Plan("700", registrar, "tester", say="hello", seconds=0.8)
        recorded = await place(plan, Buzzer(), kind="minimal")
    assert np.abs(recorded.sent).max() > 2000
    assert recorded.report.ringing is None, "it did not ring"


async def test_the_far_side_hangs_up() -> None:
    async def curt(call: MinimalCall) -> None:
        await call.answer()
        await call.hang_up()

    recorded = await called(curt, seconds=5.0)
    assert recorded.report.ended.by == "them"
    assert recorded.report.heard == ()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(486, "busy"), (404, "no such number"), (403, "does not let this user"), (500, "pjsip set")],
)
async def test_a_refusal_is_told_in_words(status: int, expected: str) -> None:
    async def refuses(call: MinimalCall) -> None:
        await call.reject(status)

    with pytest.raises(PhoneError, match=f"700: {status} .*{expected}"):
        await called(refuses)


async def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testcall, "RING_SECONDS", 0.3)

    async def lets_it_ring(call: MinimalCall) -> None:
        await call.ring()
        await call.ended()

    with pytest.raises(PhoneError, match=r"700: no answer within.*it rings"):
        await called(lets_it_ring)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"number": "700\r\nX: y"}, "NUMBER"),
        ({"user": "a b"}, "--user"),
        ({"press": "12x"}, "--press"),
        ({"registrar": "127.0.0.1:sip"}, "--registrar"),
        ({"registrar": "127.0.0.1:99999"}, "--registrar"),
        ({"registrar": "127.0.0.1:0"}, "--registrar"),
        ({"registrar": ":5060"}, "--registrar"),
        ({"registrar": "no-such-host.invalid"}, "not found"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(
    plan: dict[str, str], expected: str
) -> None:
    usual = {"number": "700", "registrar": "127.0.0.1:5060", "user": "me"}
    with pytest.raises(ConfigError, match=expected):
        await place(Plan(**{**usual, **plan}), None)


def test_the_report_and_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = asyncio.run(called(greets, seconds=0.8))

    async def placed(*_: object) -> Recorded:
        return recorded

    monkeypatch.setattr(testcall, "place", placed)
    plan = Plan("700", "127.0.0.1:5060", "me", password="not-to-be-seen")
    wav = tmp_path / "call.wav"
    assert testcall.run(plan, None, Console(width=200), kind="minimal", wav=wav, as_json=False) == 0
    told = capsys.readouterr().out
    assert "answered after" in told
    assert "the far side spoke" in told
    assert "0 lost" in told
    with wave.open(str(wav)) as file:
        assert (file.getnchannels(), file.getnframes()) == (2, len(recorded.heard))
    assert testcall.run(plan, None, Console(), kind="minimal", wav=None, as_json=True) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["ended"]["by"] == "us"
    assert "not-to-be-seen" not in told + repr(plan)


def test_the_password_comes_from_the_environment_only(attendant: Attendant) -> None:
    words = ("testcall", "700", "--registrar", "127.0.0.1", "--user", "me")
    refused = attendant(*words, "--password-env", "NOT_SET_ANYWHERE")
    assert isinstance(refused.exception, ConfigError)
    assert "NOT_SET_ANYWHERE" in str(refused.exception)
