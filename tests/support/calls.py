"""Whole calls for tests: a phone of the private PBX calls the agent, and nothing may be left."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from ari_app.cli.site import Site
from ari_app.media.values import Samples
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.choose import Kind, open_phone
from ari_app.phone.port import Phone, PhoneCall
from ari_app.speech.cache import SpeechCache
from ari_app.speech.voices import find_voice
from tests.support.observer import Observer, ObserverUnavailable
from tests.support.pbx import PREFIX


@contextlib.asynccontextmanager
async def phone_of(
    sandbox: Sandbox, user: str = "bob", kind: Kind = "minimal"
) -> AsyncIterator[Phone]:
    """A registered phone: alice is 1001, bob 1002."""
    password = sandbox.secret_file(user).read_text()
    async with open_phone(
        kind, user=user, password=password, registrar=sandbox.sip_address
    ) as phone:
        await phone.register()
        yield phone


@contextlib.asynccontextmanager
async def outside_phone(sandbox: Sandbox, user: str = "5551234") -> AsyncIterator[Phone]:
    """A phone somewhere outside, known to the PBX as the trunk by its address."""
    async with open_phone("minimal", user=user, registrar=sandbox.sip_address) as phone:
        yield phone


async def answered_call(phone: Phone, number: str = "700") -> PhoneCall:
    call = await phone.call(number)
    await call.answered(10)
    return call


async def spoken(text: str, voice: str = "rms") -> Samples:
    """The text in another voice than the agent's, 8 kHz."""
    cache = SpeechCache(PREFIX / "speech")
    made = find_voice("flite", voice, folders=[PREFIX / "bin"], cache=cache)
    return await made.say(text, keep=True)


def tone(frequency: float, seconds: float, level: float = 0.3) -> Samples:
    time = np.arange(int(seconds * 8000)) / 8000
    return (level * 32767 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)


def story(site: Site, call: str | None = None) -> list[dict[str, object]]:
    """The journal's entries, of the newest call unless another is named."""
    entries = list(site.journal())
    named = call or (str(entries[-1]["call"]) if entries else "")
    return [entry for entry in entries if entry["call"] == named]


def observer(sandbox: Sandbox) -> Observer:
    return Observer(
        sandbox.ari_url.removesuffix("/ari"),
        sandbox.ari_user,
        sandbox.ari_password_file.read_text(),
    )


async def nothing_left(sandbox: Sandbox, within: float = 5.0) -> None:
    """Every channel and bridge is gone, counted by ari-py rather than by us."""
    left = await asyncio.to_thread(_leftovers, sandbox)  # fetches ari-py the first time: 6 s
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            while left:
                left = await asyncio.to_thread(_leftovers, sandbox)
                await asyncio.sleep(0.1)
    assert not left


def _leftovers(sandbox: Sandbox) -> list[str]:
    try:
        return observer(sandbox).leftovers()
    except ObserverUnavailable as error:
        pytest.skip(f"ari-py cannot be had here: {error}")


def messages(sandbox: Sandbox) -> list[Path]:
    """The WAVs in the mailbox."""
    return sorted(sandbox.voicemail_dir.glob("msg*.wav"))


async def until(condition: object, seconds: float, what: str) -> None:
    """Ask a callable until it is true. Fails the test, saying what was waited for."""
    assert callable(condition)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.05)
            return
    pytest.fail(f"not within {seconds} s: {what}")
