import asyncio

import pytest

from ari_app.dialogue.outgoing import Outgoing
from ari_app.errors import AgentError
from tests.support import virtual_time
from tests.support.fake_agent import FakeSession


class Deaf(FakeSession):
    """Takes a message and never returns."""

    async def press(self, digits: str) -> None:
        await asyncio.Event().wait()


def test_messages_wait_for_the_session_and_keep_their_order() -> None:
    async def scene() -> list[str]:
        outgoing, session = Outgoing(), FakeSession()
        outgoing.put(lambda session: session.press("1"))
        outgoing.put(lambda session: session.press("2"))
        outgoing.put(lambda session: session.press("3"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await outgoing.run(session)
        return session.heard

    assert virtual_time.run(scene()) == ["keys 1", "keys 2", "keys 3"]


def test_an_agent_that_takes_nothing_any_more_is_lost() -> None:
    async def scene() -> float:
        outgoing = Outgoing()
        outgoing.put(lambda session: session.press("1"))
        with pytest.raises(AgentError, match="no longer listens"):
            await outgoing.run(Deaf())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(scene()) == pytest.approx(5.0)
