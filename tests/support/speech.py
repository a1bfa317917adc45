"""A voice and a recogniser without speech: words are written into the samples.

`spoken("sales")` is audio that `FakeRecogniser` hears as "sales"; the voice's audio tells its text
by its length alone.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from ari_app.errors import AgentError
from ari_app.media.values import Audio, Samples
from ari_app.ports import Recognised

RATE = 8000
FRAME = 160
"Samples of 20 ms."


def frames(samples: Samples) -> list[Audio]:
    """The sound in frames of 20 ms."""
    return [Audio(samples[at : at + FRAME], RATE) for at in range(0, len(samples), FRAME)]


def silent(seconds: float) -> list[Audio]:
    return frames(np.zeros(round(seconds * RATE), np.int16))


def spoken(words: str, seconds: float = 0.6) -> list[Audio]:
    """Frames in which every sample is a letter's code; the words begin where they begin."""
    codes = np.frombuffer(words.encode(), np.uint8).astype(np.int16)
    each = round(seconds * RATE) // len(codes)
    sound = np.repeat(codes, each)
    return frames(np.concatenate([sound, np.zeros(-len(sound) % FRAME, np.int16)]))


def words_in(audio: Audio) -> str:
    """What `spoken` wrote, without silence and with doubled letters as one."""
    letters = audio.samples[audio.samples > 0]
    changes = np.flatnonzero(np.diff(letters, prepend=0))
    return bytes(letters[changes].astype(np.uint8)).decode()


@dataclass
class FakeVoice:
    """Speaks every text in pieces of 100 ms, 10 ms for each letter."""

    said: list[tuple[str, str]] = field(default_factory=list)
    "Texts and languages, in order."
    failure: AgentError | None = None
    "Raised instead of speaking."
    breath: asyncio.Event = field(default_factory=asyncio.Event)
    "Unset it and the voice stops before its next piece."

    def __post_init__(self) -> None:
        self.breath.set()

    async def speak(self, text: str, language: str = "en") -> AsyncIterator[Audio]:
        self.said.append((text, language))
        for at in range(0, len(text), 10):
            await self.breath.wait()
            if self.failure is not None:
                raise self.failure
            yield Audio(np.full(len(text[at : at + 10]) * 80, 1000, np.int16), RATE)


@dataclass
class FakeRecogniser:
    """Hears what `spoken` wrote if it is one of the phrases, else nothing."""

    asked: list[tuple[Audio, Sequence[str]]] = field(default_factory=list)
    failure: AgentError | None = None
    "Raised instead of an answer."
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    "Unset it and answers wait."

    def __post_init__(self) -> None:
        self.ready.set()

    async def recognise(self, audio: Audio, phrases: tuple[str, ...]) -> Recognised:
        self.asked.append((audio, phrases))
        await self.ready.wait()
        if self.failure is not None:
            raise self.failure
        single = {"".join(letter for letter, _ in groupby(each)): each for each in phrases}
        heard = single.get(words_in(audio), "")
        return Recognised(heard, 1.0 if heard else 0.0)
