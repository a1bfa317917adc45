"""A call as its user follows it: what he waits for, and audio on the timeline."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from ari_app.media.values import Samples
from ari_app.phone.port import RATE, CallState, Ended, PhoneError
from ari_app.phone.timeline import Timeline

PATIENCE = 5.0
"How long an answer to a request within a call may take, seconds."


class FollowedCall(ABC):
    """What both kinds of call have in common. Subclasses tell it what happens."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rang, self._answered, self._over = (asyncio.Event() for _ in range(3))
        self._ended: Ended | None = None
        self._began = self._finished = 0.0
        self._asked = ""
        self._reply: asyncio.Future[tuple[int, str]] | None = None
        self._heard = Timeline()
        self.caller = ""
        "URI of who calls, for an incoming call."

    @property
    @abstractmethod
    def state(self) -> CallState: ...

    @abstractmethod
    def _sent(self) -> Timeline:
        """What we sent."""

    # What the user waits for.

    async def ringing(self, timeout: float = 5.0) -> None:
        await self._wait(self._rang, timeout, "ring")

    async def answered(self, timeout: float = 10.0) -> None:
        await self._wait(self._answered, timeout, "be answered")
        if not self._began:
            raise PhoneError(f"the call was not answered: {self._ended}")

    async def ended(self, timeout: float = 10.0) -> Ended:
        await self._wait(self._over, timeout, "end")
        assert self._ended is not None, "set before the event"
        return self._ended

    # What he hears.

    def heard(self) -> Samples:
        return self._heard.between(self._began, self._end)

    def heard_since(self, seconds: float) -> Samples:
        return self.heard()[round(seconds * RATE) :]

    def sent_audio(self) -> Samples:
        return self._sent().between(self._began, self._end)

    @property
    def _end(self) -> float:
        if not self._began:
            return 0.0
        return self._finished or self._loop.time()

    # What happens.

    def _begin(self, at: float) -> None:
        self._began = at
        self._answered.set()

    def _finish(self, ended: Ended, at: float) -> None:
        self._finished, self._ended = at, ended
        self._replied(self._asked, ended.status, "the call has ended")
        for event in (self._rang, self._answered, self._over):
            event.set()

    def _replied(self, method: str, status: int, reason: str) -> None:
        if self._reply is not None and method == self._asked and not self._reply.done():
            self._reply.set_result((status, reason))

    async def _request(self, method: str, send: Callable[[], Awaitable[None]]) -> None:
        """Ask within the call, one at a time, and wait for the final response."""
        if self.state != "answered":
            raise PhoneError(f"no {method}: the call is {self.state}")
        self._asked, self._reply = method, self._loop.create_future()
        await send()
        try:
            status, reason = await asyncio.wait_for(self._reply, PATIENCE)
        except TimeoutError as error:
            raise PhoneError(f"{method}: no answer within {PATIENCE:g} s") from error
        if status >= 300 or self._ended is not None:
            raise PhoneError(f"{method} was refused: {status} {reason}")

    async def _wait(self, event: asyncio.Event, timeout: float, what: str) -> None:
        try:
            await asyncio.wait_for(event.wait(), timeout)
        except TimeoutError as error:
            raise PhoneError(f"the call did not {what} within {timeout:g} s") from error
