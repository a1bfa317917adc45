"""What is made ready before the first caller."""

from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ari_app.agents.flow.load import load_flow
from ari_app.cli.site import DESTINATIONS, FRONT_DESK
from ari_app.config import Settings
from ari_app.errors import AgentError
from ari_app.warm_up import warm_up
from tests.support.audio import tone

SETTINGS = Settings.model_validate(
    {
        "pbx": [{"url": "http://127.0.0.1:8088"}],
        "profiles": {"desk": {"flow": Path("x.yaml"), "goodbye": "So long."}},
        "speech": {"recognisers": 2},
    }
)
FLOWS = {"desk": load_flow(FRONT_DESK, frozenset(DESTINATIONS))}


class Voice:
    def __init__(self) -> None:
        self.made: list[str] = []

    async def prefetch(self, texts: list[str], language: str) -> None:
        self.made += texts

    async def say(self, text: str) -> Any:
        return tone(300, 0.5)


class Recogniser:
    def __init__(self, error: AgentError | None = None) -> None:
        self.asked = 0
        self._error = error

    async def recognise(self, audio: object, phrases: object) -> None:
        self.asked += 1
        if self._error:
            raise self._error


async def test_every_fixed_text_is_made_and_every_recogniser_started() -> None:
    voice, recogniser = Voice(), Recogniser()
    await warm_up(SETTINGS, FLOWS, cast(Any, voice), cast(Any, recogniser))
    assert "So long." in voice.made
    assert "You are talking with an automated assistant." in voice.made
    assert recogniser.asked == 2


async def test_a_recogniser_that_does_not_work_is_said_and_keeps_nobody_waiting() -> None:
    with capture_logs() as logs:
        broken = Recogniser(AgentError("no model"))
        await warm_up(SETTINGS, FLOWS, cast(Any, Voice()), cast(Any, broken))
    assert logs[0]["event"] == "recogniser does not work: callers have their keys"


async def test_a_voice_that_does_not_work_stops_the_start() -> None:
    voice = Voice()

    async def broken(texts: list[str], language: str) -> None:
        raise AgentError("flite is missing")

    voice.prefetch = broken  # type: ignore[method-assign]
    with pytest.raises(AgentError, match="flite is missing"):
        await warm_up(SETTINGS, FLOWS, cast(Any, voice), None)
