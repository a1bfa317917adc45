"""Speech for tests, as it comes over a telephone line."""

from pathlib import Path

from ari_app.media.g711 import ulaw_decode, ulaw_encode
from ari_app.media.values import Audio, Samples
from ari_app.speech.cache import SpeechCache
from ari_app.speech.voices import ProgramVoice, find_voice
from tests.support.audio import noise

SANDBOX = Path(__file__).parents[2] / "var" / "sandbox"


def caller_voice(name: str = "rms") -> ProgramVoice:
    """A voice for those who call: not the agent's, cached over test runs. Raises ConfigError."""
    cache = SpeechCache(SANDBOX / "callers")
    return find_voice("flite", name, folders=[SANDBOX / "bin"], cache=cache)


def on_the_phone(samples: Samples) -> Audio:
    """As an agent is given a caller's turn: µ-law, with a bit of line before and after."""
    line = noise(len(samples) / 8000 + 0.9, level=-70)
    line[2400 : 2400 + len(samples)] += samples
    return Audio(ulaw_decode(ulaw_encode(line)))
