"""What the speech tests need from the machine."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.media.values import Samples
from ari_app.speech.cache import SpeechCache
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.voices import ProgramVoice, find_voice
from tests.support.telephone_speech import SANDBOX

NO_FLITE = "flite is missing: asterisk/sandbox install flite"
Speak = Callable[..., Awaitable[Samples]]


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests of a run keep what was spoken."""
    return tmp_path_factory.mktemp("spoken")


@pytest.fixture
def speak(spoken: Path) -> Speak:
    """speak(text) or speak(text, "rms"): 8 kHz samples; made once per run."""
    try:
        find_voice("flite", folders=[SANDBOX / "bin"])
    except ConfigError:
        pytest.skip(NO_FLITE)

    async def say(text: str, name: str = "slt") -> Samples:
        voice = find_voice("flite", name, folders=[SANDBOX / "bin"], cache=SpeechCache(spoken))
        return await voice.say(text, keep=True)

    return say


@pytest.fixture
def flite(tmp_path: Path) -> ProgramVoice:
    """A voice with a cache of its own."""
    try:
        cache = SpeechCache(tmp_path / "spoken")
        return find_voice("flite", folders=[SANDBOX / "bin"], cache=cache)
    except ConfigError:
        pytest.skip(NO_FLITE)


@pytest.fixture
async def recogniser() -> AsyncIterator[GrammarRecogniser]:
    try:
        made = GrammarRecogniser()
    except ConfigError:
        pytest.skip("pocketsphinx is missing: pip install 'attendant[local]'")
    async with made:
        yield made


@pytest.fixture
async def recognisers() -> AsyncIterator[GrammarRecogniser]:
    """One on every core, for tests that ask a lot."""
    try:
        made = GrammarRecogniser(workers=os.cpu_count() or 1, seconds=10)
    except ConfigError:
        pytest.skip("pocketsphinx is missing: pip install 'attendant[local]'")
    async with made:
        yield made
