"""Which of a few phrases did the caller say? pocketsphinx in worker processes, English only.

Reliable on clean lines with small grammars and cooperative callers. What is not in the grammar is
often taken for something that is: confirm before anything of consequence.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ari_app.errors import AgentError, ConfigError
from ari_app.media.resample import resample
from ari_app.media.values import Audio, Samples
from ari_app.ports import Recognised
from ari_app.speech import wire
from ari_app.speech.level import active_level, trimmed
from ari_app.speech.vocabulary import check_phrases, known_words, model_folder, spoken_words

START_SECONDS = 20.0
"How long a worker may take to load its model (0.3 s on an idle machine)."
TRANSCRIPT_SECONDS = 30.0
"How long a transcript may take: nobody waits for it in a call."
SHORTEST = 0.12
"Seconds of speech below which nothing is recognised."
QUIETEST = -55.0
"Level of the speaking parts below which nothing is recognised, dBFS."
LONGEST = 30.0
"Seconds of audio that are looked at."
REFUSED, CERTAIN = -5.0, 0.0
"""Scores (see wire.Answer) that become confidence 0 (nothing fitted) and 1. Measured on µ-law,
clean and at 20 dB: about nine of ten right readings score above REFUSED; of what is not in the
grammar, a tenth to a half for a menu, and up to three quarters for "yes" and "no"."""


class Worker:
    """One process that recognises; started when first asked, and again after it died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def ask(self, request: wire.Request, seconds: float) -> wire.Answer:
        """One at a time. Raises AgentError (retryable) when the process dies or takes longer."""
        limit = seconds
        if self._process is None or self._process.returncode is not None:
            limit += START_SECONDS
            self._process = await start()
        try:
            async with asyncio.timeout(limit):
                return await exchange(self._process, request)
        except TimeoutError as error:
            raise AgentError(f"recogniser: took more than {limit:g} s", retryable=True) from error
        except (OSError, EOFError, ValueError) as error:
            raise AgentError("recogniser: its process died", retryable=True) from error
        finally:
            # Whatever went wrong (or was cancelled), an answer may still be under way: start anew.
            if sys.exception() is not None:
                await self.close()

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def start() -> asyncio.subprocess.Process:
    """A worker process. Raises AgentError when none can be started."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "ari_app.speech.recogniser_worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"},
        )
    except OSError as error:
        raise AgentError(f"recogniser: cannot start a process: {error}", retryable=True) from error


async def exchange(process: asyncio.subprocess.Process, request: wire.Request) -> wire.Answer:
    """Raises OSError or EOFError when the process is gone, ValueError when it talks nonsense."""
    assert process.stdin is not None  # we asked for both pipes
    assert process.stdout is not None
    process.stdin.write(wire.pack_request(request))
    await process.stdin.drain()
    head, body = wire.lengths(await process.stdout.readexactly(wire.LENGTHS.size))
    return wire.parse_answer(await process.stdout.readexactly(head + body))


class GrammarRecogniser:
    """Implements Recogniser. You must `close` it (or use `async with`).

    workers: processes, at most one per core. seconds: how long a worker may take for one utterance
    (12 to 110 ms on a free core). Raises ConfigError when pocketsphinx is not installed.
    """

    def __init__(self, *, workers: int = 1, seconds: float = 3.0) -> None:
        model_folder()
        cores = os.cpu_count() or 1
        if not 1 <= workers <= cores:
            raise ConfigError(
                f"speech.recognisers: {workers}: expected 1 to {cores} (one per core)"
            )
        self._seconds = seconds
        self.workers = [Worker() for _ in range(workers)]
        self._idle: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in self.workers:
            self._idle.put_nowait(worker)

    async def recognise(self, audio: Audio, phrases: tuple[str, ...]) -> Recognised:
        """Which phrase was said? '' when none fits or there is hardly any speech.

        Raises AgentError: retryable when the worker died or was too slow, not when a phrase has
        an unknown word (see `check_phrases`).
        """
        said = {" ".join(spoken_words(phrase)): phrase for phrase in reversed(phrases)}
        faults = check_phrases(phrases)
        if faults:
            raise AgentError(f"recogniser: unknown words: {'; '.join(faults)}")
        samples = speech_of(audio)
        if not said or not len(samples):
            return Recognised("", 0.0)
        request = wire.Request("choose", tuple(sorted(said)), samples)
        answer = await self._ask(request, self._seconds)
        confidence = (answer.score - REFUSED) / (CERTAIN - REFUSED)
        if not answer.text or confidence <= 0:
            return Recognised("", 0.0)
        return Recognised(said[answer.text], min(1.0, confidence))

    async def transcribe(self, audio: Audio, sentences: tuple[str, ...]) -> str:
        """The words that were heard, if they are words of these sentences, mostly in their order.

        Words that the dictionary lacks cannot be heard. Raises AgentError as `recognise`.
        """
        known = [" ".join(known_words(sentence)) for sentence in sentences]
        spoken = tuple(sorted(set(filter(None, known))))
        samples = speech_of(audio)
        if not spoken or not len(samples):
            return ""
        request = wire.Request("transcribe", spoken, samples)
        return (await self._ask(request, TRANSCRIPT_SECONDS)).text

    async def _ask(self, request: wire.Request, seconds: float) -> wire.Answer:
        worker = await self._idle.get()
        try:
            answer = await worker.ask(request, seconds)
        finally:
            self._idle.put_nowait(worker)
        if answer.error:
            raise AgentError(f"recogniser: {answer.error}")
        return answer

    async def close(self) -> None:
        for worker in self.workers:
            await worker.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def speech_of(audio: Audio) -> Samples:
    """8 kHz samples from just before the first to just after the last speech; empty without any."""
    samples = resample(audio.samples, audio.rate, 8000)[: int(LONGEST * 8000)]
    if active_level(samples) < QUIETEST or len(trimmed(samples)) < SHORTEST * 8000:
        return np.zeros(0, np.int16)
    return samples
