"""Speech for tests, as it comes over a telephone line, and what was said in a recording."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from ari_app.media.g711 import ulaw_decode, ulaw_encode
from ari_app.media.values import Audio, Samples
from ari_app.phone.listen import stretches
from ari_app.speech.cache import SpeechCache
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.vocabulary import known_words
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


@dataclass(frozen=True)
class Words:
    """One stretch of speech in a recording."""

    at: float
    "Seconds into the recording."
    until: float
    words: str
    "What is in the audio, as far as the sentences' words go."
    sentence: str
    "The sentence that fits best; '' when no word of any was heard."
    score: float
    "0 to 1: the share of words in which what was heard and the sentence agree."


async def words_of(
    recogniser: GrammarRecogniser, samples: Samples, sentences: Sequence[str]
) -> list[Words]:
    """Which of the sentences, and how much of them, 8 kHz samples hold. Raises AgentError."""
    found = []
    for each in stretches(samples, 0.9):
        piece = samples[max(0, int((each.at - 0.2) * 8000)) : int((each.until + 0.2) * 8000)]
        words = await recogniser.transcribe(Audio(piece), tuple(sentences))
        found.append(Words(each.at, each.until, words, *closest(words, sentences)))
    return found


def closest(words: str, sentences: Sequence[str]) -> tuple[str, float]:
    """The sentence with the most words in common, in order, and how much that is (0 to 1)."""
    scores = {
        sentence: SequenceMatcher(None, known_words(sentence), words.split(), False).ratio()
        for sentence in sentences
    }
    best = max(scores, key=lambda each: scores[each], default="")
    return (best, scores[best]) if best and scores[best] > 0 else ("", 0.0)
