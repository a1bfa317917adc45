import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from ari_app.phone.followed import FollowedCall
from ari_app.phone.port import CallState, Ended, PhoneError
from ari_app.phone.timeline import Timeline

BUSY = Ended("them", 486, "Busy Here")


class Call(FollowedCall):
    """A call whose story a test tells."""

    state: CallState = "calling"

    def begin(self, at: float) -> None:
        self.state = "answered"
        self._begin(at)

    def finish(self, ended: Ended, at: float = 2.0) -> None:
        self.state = "ended"
        self._finish(ended, at)

    def hear(self, at: float) -> None:
        self._heard.place(np.ones(160, np.int16), at, 0)

    async def ask(self, send: Callable[[], Awaitable[None]]) -> None:
        await self._request("INVITE", send)

    def reply(self, status: int) -> None:
        self._replied("UPDATE", 500, "another's")
        self._replied("INVITE", status, "reason")

    def _sent(self) -> Timeline:
        return Timeline()


async def test_who_waits_for_the_answer_is_told_that_none_comes() -> None:
    call = Call()
    waiting = asyncio.create_task(call.answered(5.0))
    await asyncio.sleep(0)
    call.finish(BUSY)
    with pytest.raises(PhoneError, match="486"):
        await waiting
    assert await call.ended(0.1) == BUSY


async def test_an_answer_that_was_followed_by_the_end_was_an_answer() -> None:
    call = Call()
    call.begin(1.0)
    call.finish(Ended("us", 200))
    await call.answered(0.1)


async def test_the_timeline_begins_with_the_answer_and_ends_with_the_call() -> None:
    call = Call()
    assert len(call.heard()) == 0
    call.hear(1.5)
    call.begin(1.0)
    call.finish(Ended("us", 200), at=2.0)
    heard = call.heard()
    assert len(heard) == len(call.sent_audio()) == 8000
    assert np.flatnonzero(heard)[0] == 4000
    assert np.array_equal(call.heard_since(0.5), heard[4000:])


@pytest.mark.parametrize("status", [200, 488])
async def test_a_request_waits_for_its_answer(status: int) -> None:
    call = Call()
    call.begin(1.0)

    async def send() -> None:
        call.reply(status)

    if status == 200:
        await call.ask(send)
    else:
        with pytest.raises(PhoneError, match="INVITE was refused: 488"):
            await call.ask(send)


async def test_a_request_ends_with_the_call() -> None:
    call = Call()
    call.begin(1.0)

    async def send() -> None:
        call.finish(Ended("them", 200))

    with pytest.raises(PhoneError, match="the call has ended"):
        await call.ask(send)
