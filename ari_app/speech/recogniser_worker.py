"""The process in which speech is recognised: pocketsphinx would hold our interpreter's lock.

Started by `recogniser` as `python -m ari_app.speech.recogniser_worker`; answers requests from stdin
on stdout, one after the other, until stdin ends.
"""

import os
import sys
import tempfile
from collections import OrderedDict
from math import log
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pocketsphinx  # type: ignore[import-untyped]

from ari_app.media.values import Samples
from ari_app.speech import grammar, wire
from ari_app.speech.level import trimmed
from ari_app.speech.vocabulary import model_folder

GRAMMARS = 16
"Compiled sets of phrases that are kept; 6 MB each."
SHORT = 0.5
"Seconds added to the speech before scores are taken per second: short words score roughly."


class Ear:
    """Reads audio by the phrases it is given.

    Every set of phrases has a decoder of its own with just its words for a dictionary: made in
    10 ms, where one with all words needs 3 s for a trigram.
    """

    def __init__(self) -> None:
        pocketsphinx.set_loglevel("FATAL")
        self._model = model_folder()
        self._pronunciations: dict[str, list[str]] = {}
        with (self._model / "cmudict-en-us.dict").open(encoding="utf-8") as lines:
            for line in lines:
                word = line.partition(" ")[0].partition("(")[0]
                self._pronunciations.setdefault(word, []).append(line)
        self._decoders: OrderedDict[tuple[wire.Task, tuple[str, ...]], Any] = OrderedDict()
        self._background = pocketsphinx.Decoder(
            hmm=str(self._model / "en-us"),
            allphone=str(self._model / "en-us-phone.lm.bin"),
            dict=None,
            lm=None,
            loglevel="FATAL",
        )

    def read(self, request: wire.Request) -> wire.Answer:
        """Raises KeyError for a word that is not in the dictionary."""
        decoder = self._decoder(request.task, request.phrases)
        if request.task == "transcribe":
            return wire.Answer(decode(decoder, request.samples)[0], 0.0)
        speech = trimmed(request.samples)
        for samples in (request.samples, speech):
            # The decoder may end inside a phrase, most often for the noise after the speech.
            text, likelihood = decode(decoder, samples)
            if text in request.phrases:
                _, arbitrary = decode(self._background, samples)
                seconds = len(speech) / 8000 + SHORT
                return wire.Answer(text, (likelihood - arbitrary) / seconds)
        return wire.Answer("", 0.0)

    def _decoder(self, task: wire.Task, phrases: tuple[str, ...]) -> Any:
        if (task, phrases) not in self._decoders:
            self._decoders[task, phrases] = self._compile(task, phrases)
            if len(self._decoders) > GRAMMARS:
                self._decoders.popitem(last=False)
        self._decoders.move_to_end((task, phrases))
        return self._decoders[task, phrases]

    def _compile(self, task: wire.Task, phrases: tuple[str, ...]) -> Any:
        words = sorted({word for phrase in phrases for word in phrase.split()})
        text = grammar.jsgf(phrases) if task == "choose" else grammar.arpa(phrases)
        with tempfile.TemporaryDirectory(prefix="attendant-words-") as folder:
            dictionary, rules = Path(folder) / "words.dict", Path(folder) / "rules"
            dictionary.write_text(
                "".join(line for word in words for line in self._pronunciations[word])
            )
            rules.write_text(text, encoding="utf-8")
            return pocketsphinx.Decoder(
                hmm=str(self._model / "en-us"),
                dict=str(dictionary),
                jsgf=str(rules) if task == "choose" else None,
                lm=str(rules) if task == "transcribe" else None,
                loglevel="FATAL",
            )


def decode(decoder: Any, samples: Samples) -> tuple[str, float]:
    """The best reading of 8 kHz samples, and the logarithm of its likelihood (in hundredths)."""
    decoder.start_utt()
    decoder.process_raw(upsampled(samples).tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    if found is None or found.score <= 0:
        return "", 0.0
    return found.hypstr, log(found.score) * 100


def upsampled(samples: Samples) -> Samples:
    """8 → 16 kHz, what the acoustic model was trained with, by linear interpolation.

    Worse than `resample` for ears and better for this model: the images above 4 kHz look more like
    the wideband speech it knows than an empty half of the spectrum does (measured, clean lines).
    """
    doubled = np.repeat(samples, 2)
    doubled[1:-1:2] = (samples[:-1].astype(np.int32) + samples[1:]) >> 1
    return doubled


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until the source ends."""
    ear = Ear()
    while len(header := source.read(wire.LENGTHS.size)) == wire.LENGTHS.size:
        head, body = wire.lengths(header)
        request = wire.parse_request(source.read(head), source.read(body))
        try:
            answer = ear.read(request)
        except (KeyError, ValueError, RuntimeError) as error:
            answer = wire.Answer("", 0.0, f"{type(error).__name__}: {error}")
        sink.write(wire.pack_answer(answer))
        sink.flush()


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write between answers
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
