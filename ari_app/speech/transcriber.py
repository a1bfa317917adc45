"""What was heard on a phone, told from its audio: for demonstrations, checks and tests.

It knows the sentences that may have been said and reports, per stretch of speech, the words that
really are in the audio, the sentence they belong to and how much of it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ari_app.media.values import Audio, Samples
from ari_app.speech.level import speech_stretches
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.vocabulary import known_words

PAUSE = 0.9
"Silence that ends a stretch, seconds: longer than the pause between a voice's sentences."
EDGE = 0.2
"Audio taken before and after a stretch, seconds."


@dataclass(frozen=True)
class Heard:
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


class Transcriber:
    """Tells which of the candidate sentences a recording holds."""

    def __init__(self, recogniser: GrammarRecogniser) -> None:
        self._recogniser = recogniser

    async def transcribe(self, samples: Samples, sentences: Sequence[str]) -> tuple[Heard, ...]:
        """Every stretch of speech in 8 kHz samples, in order. Raises AgentError."""
        heard = []
        for at, until in speech_stretches(samples, PAUSE):
            piece = samples[max(0, int((at - EDGE) * 8000)) : int((until + EDGE) * 8000)]
            words = await self._recogniser.transcribe(Audio(piece), tuple(sentences))
            sentence, score = closest(words, sentences)
            heard.append(Heard(at, until, words, sentence, score))
        return tuple(heard)

    async def contains(self, samples: Samples, sentence: str, among: Sequence[str] = ()) -> float:
        """How much of a sentence is in the recording, 0 to 1; `among`: what else may be there."""
        heard = await self.transcribe(samples, [sentence, *among])
        wanted, got = known_words(sentence), " ".join(each.words for each in heard).split()
        return matching(wanted, got) / max(1, len(wanted))


def closest(words: str, sentences: Sequence[str]) -> tuple[str, float]:
    """The sentence with the most in common with the words, and how much (0 to 1)."""
    got = words.split()
    scores = {}
    for sentence in sentences:
        wanted = known_words(sentence)
        scores[sentence] = 2 * matching(wanted, got) / max(1, len(wanted) + len(got))
    best = max(scores, key=lambda each: scores[each], default="")
    return (best, scores[best]) if best and scores[best] > 0 else ("", 0.0)


def matching(wanted: Sequence[str], got: Sequence[str]) -> int:
    """How many words agree, in order."""
    blocks = SequenceMatcher(a=wanted, b=got, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks)
