"""What the agent is told, in order, without the teller waiting."""

import asyncio
from collections.abc import Awaitable, Callable

from ari_app.errors import AgentError
from ari_app.ports import AgentSession

Message = Callable[[AgentSession], Awaitable[None]]

TAKES = 5.0
"An agent that does not take one message within this long is lost, seconds."


class Outgoing:
    """A queue of calls to a session, made one after the other by `run`; what is put before there
    is a session waits for it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message] = asyncio.Queue()

    def put(self, message: Message) -> None:
        self._queue.put_nowait(message)

    async def run(self, session: AgentSession) -> None:
        """For ever. Raises AgentError when the session does, or takes nothing any more."""
        while True:
            message = await self._queue.get()
            try:
                async with asyncio.timeout(TAKES):
                    await message(session)
            except TimeoutError as error:
                raise AgentError("the agent no longer listens", retryable=True) from error
