"""What the speech tests need from the machine."""

from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.speech.cache import SpeechCache
from ari_app.speech.voices import ProgramVoice, find_voice

SANDBOX_PROGRAMS = Path(__file__).parents[2] / "var" / "sandbox" / "bin"


@pytest.fixture
def cache(tmp_path: Path) -> SpeechCache:
    return SpeechCache(tmp_path / "spoken")


@pytest.fixture
def flite(cache: SpeechCache) -> ProgramVoice:
    try:
        return find_voice("flite", folders=[SANDBOX_PROGRAMS], cache=cache)
    except ConfigError:
        pytest.skip("flite is missing: asterisk/sandbox install flite")
