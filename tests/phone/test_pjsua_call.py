import asyncio
import base64
from typing import Any

import numpy as np
import pytest

from ari_app.media.values import Samples
from ari_app.phone.pjsua_call import PjsuaCall
from ari_app.phone.port import Ended, PhoneError
from tests.support.audio import tone


class Process:
    """Writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def ask(self, verb: str, **facts: Any) -> None:
        self.asked.append((verb, facts))

    def tell(self, verb: str, number: int = 0, **facts: Any) -> None:
        self.asked.append((verb, facts))

    def uri(self, target: str) -> str:
        return f"sip:{target}@h"


def frame(samples: Samples, at: float) -> dict[str, Any]:
    return {"pcm": base64.b64encode(samples.tobytes()).decode(), "at": at}


def answered() -> tuple[Process, PjsuaCall]:
    process = Process()
    call = PjsuaCall(1, process)
    call.report("ringing", {})
    call.report("answered", {"at": 10.0})
    return process, call


async def test_frames_make_a_timeline() -> None:
    _, call = answered()
    sound = tone(440, 0.06)
    for n in range(3):
        call.report("heard", frame(sound[160 * n :][:160], 10.1 + 0.02 * n + 0.003 * (n % 2)))
    call.report("ended", {"at": 11.0, "status": 200, "reason": "", "cause": 16})
    heard = call.heard()
    assert len(heard) == 8000
    assert np.array_equal(heard[800:1280], sound)
    assert await call.ended(0.1) == Ended("them", 200, "", 16)


async def test_what_is_played_is_told_and_its_end_awaited() -> None:
    process, call = answered()
    call.play(tone(440, 0.02))
    waiting = asyncio.create_task(call.played())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    call.report("played", {})
    await waiting
    ((verb, facts),) = process.asked
    assert verb == "play"
    assert len(base64.b64decode(facts["pcm"])) == 320


async def test_keys_are_pressed_one_after_the_other() -> None:
    process, call = answered()
    await call.press("1#", tone=0.02, gap=0.01)
    pressed = [(facts["digits"], facts["milliseconds"]) for _, facts in process.asked]
    assert pressed == [("1", 20), ("#", 20)]
    with pytest.raises(ValueError, match="'X'"):
        await call.press("x")


async def test_a_process_that_is_gone_ends_the_call() -> None:
    _, call = answered()
    call.lost()
    assert (await call.ended(0.1)).by == "network"
    with pytest.raises(PhoneError, match="ended"):
        await call.press("1")
