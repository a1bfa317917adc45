"""Voices on this machine: flite (English, natural enough) and espeak-ng (a hundred languages).

Both are programs of the operating system, run once per new sentence and then cached. The text
goes in through stdin: what is said to a caller is personal data and has no place in argv, which
every user of the machine can read.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
import unicodedata
import wave
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ari_app.errors import AgentError, ConfigError
from ari_app.media.resample import resample
from ari_app.media.values import Audio, Samples
from ari_app.speech.cache import SpeechCache, speech_key
from ari_app.speech.level import levelled, trimmed

RATE = 8000
"Samples per second of everything a voice gives."
LONGEST_TEXT = 4000
"Characters in one utterance; about five minutes of speech."
VOICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")
"flite would open any other name as a file or a URL."


@dataclass(frozen=True)
class Engine:
    """A speech program and how it is called."""

    program: str
    package: str
    "The Debian package that brings it."
    voice: str
    "The voice used when none is asked for."
    speak: tuple[str, ...]
    "Arguments; {voice} and {wav} are filled in. The text is read from stdin."
    voices: tuple[str, ...]
    "Arguments that list the voices."
    languages: frozenset[str] | None
    "Language codes it can speak; None for all."
    ascii: bool
    "Reads nothing but ASCII."


ENGINES = {
    engine.program: engine
    for engine in (
        Engine(
            program="flite",
            package="flite",
            voice="slt",
            speak=("-voice", "{voice}", "-f", "/dev/stdin", "-o", "{wav}"),
            voices=("-lv",),
            languages=frozenset({"en"}),
            ascii=True,
        ),
        Engine(
            program="espeak-ng",
            package="espeak-ng",
            voice="en",
            speak=("-v", "{voice}", "--stdin", "-w", "{wav}"),
            voices=("--voices",),
            languages=None,
            ascii=False,
        ),
    )
}
"The programs we know, best first."


def find_program(name: str, folders: Iterable[Path] = ()) -> Path | None:
    """The program of that name in one of the folders, else in PATH, else None."""
    for folder in folders:
        if found := shutil.which(name, path=str(folder)):
            return Path(found)
    found = shutil.which(name)
    return Path(found) if found else None


def find_voice(
    engine: str = "",
    voice: str = "",
    *,
    program: Path | None = None,
    folders: Sequence[Path] = (),
    cache: SpeechCache | None = None,
    seconds: float = 10.0,
) -> "ProgramVoice":
    """The voice that was asked for, or without an engine the best that this machine has.

    program names the executable itself; otherwise it is looked for in `folders`, then in PATH.
    seconds is how long one utterance may take to make. Raises ConfigError when the engine is
    unknown, the voice has no proper name, or nothing is installed.
    """
    if engine and engine not in ENGINES:
        raise ConfigError(f"speech.engine: {engine!r}: expected one of {', '.join(ENGINES)}")
    if voice and not VOICE_NAME.fullmatch(voice):
        raise ConfigError(f"speech.voice: {voice!r}: expected a voice's name like 'slt' or 'en-gb'")
    if program is not None and not engine:
        engine = program.name if program.name in ENGINES else "flite"
    for wanted in [ENGINES[engine]] if engine else ENGINES.values():
        found = shutil.which(program) if program else find_program(wanted.program, folders)
        if found:
            return ProgramVoice(
                wanted, Path(found), voice, cache=cache or SpeechCache(), seconds=seconds
            )
    missing = program or " or ".join([engine] if engine else list(ENGINES))
    packages = ENGINES[engine or "flite"].package
    raise ConfigError(
        f"speech.engine: {missing} not found in speech.programs or PATH: "
        f"install it (`apt install {packages}`)"
    )


class ProgramVoice:
    """Implements Voice: speaks with one voice of one engine, from the cache where possible."""

    def __init__(
        self,
        engine: Engine,
        program: Path,
        voice: str = "",
        *,
        cache: SpeechCache,
        seconds: float = 10.0,
    ) -> None:
        self._engine = engine
        self._program = program
        self._voice = voice
        self._cache = cache
        self._seconds = seconds
        self._known: frozenset[str] | None = None
        self._free = asyncio.Semaphore(2)

    def __repr__(self) -> str:
        return f"<voice {self._voice or self._engine.voice} of {self._program}>"

    async def speak(self, text: str, language: str = "en") -> AsyncIterator[Audio]:
        """The text as 8 kHz audio, in one piece; nothing for a text without any words.

        Raises AgentError when the language is not spoken, or the program fails or takes too long.
        """
        samples = await self.say(text, language)
        if len(samples):
            yield Audio(samples, RATE)

    async def prefetch(self, texts: Iterable[str], language: str = "en") -> None:
        """Make these fixed texts now and keep them on disk. Raises AgentError."""
        try:
            async with asyncio.TaskGroup() as group:
                for text in dict.fromkeys(texts):
                    group.create_task(self.say(text, language, keep=True))
        except ExceptionGroup as failed:  # what fails for one text mostly fails for all
            raise failed.exceptions[0] from None

    async def say(self, text: str, language: str = "en", *, keep: bool = False) -> Samples:
        """The text as 8 kHz samples; keep puts them into the cache's folder. Raises AgentError."""
        plain = readable(text, ascii_only=self._engine.ascii)
        if not any(letter.isalnum() for letter in plain):
            return np.zeros(0, dtype=np.int16)
        if len(plain) > LONGEST_TEXT:
            raise AgentError(f"voice: a text of {len(plain)} characters: at most {LONGEST_TEXT}")
        voice = self._voice_for(language)
        key = speech_key(self._engine.program, voice, plain)
        return await self._cache.get(key, lambda: self._make(plain, voice), keep=keep)

    def _voice_for(self, language: str) -> str:
        spoken, wanted = self._engine.languages, language.lower()
        if spoken is not None and wanted.partition("-")[0] not in spoken:
            raise AgentError(
                f"voice: {self._engine.program} does not speak {language!r}: use espeak-ng"
            )
        if self._voice or spoken is not None:
            return self._voice or self._engine.voice
        return wanted if VOICE_NAME.fullmatch(wanted) else self._engine.voice

    async def _make(self, text: str, voice: str) -> Samples:
        async with self._free:
            if self._engine.program == "flite":
                await self._check_voice(voice)
            with tempfile.TemporaryDirectory(prefix="attendant-voice-") as folder:
                wav = Path(folder) / "speech.wav"
                arguments = [part.format(voice=voice, wav=wav) for part in self._engine.speak]
                await self._run(arguments, text.encode())
                samples, rate = self._read(wav)
        made = trimmed(levelled(resample(samples, rate, RATE)))
        if not len(made):
            raise AgentError(f"voice: {self._program} made only silence")
        return made

    async def _check_voice(self, voice: str) -> None:
        """flite answers an unknown voice with its default one and says nothing."""
        if self._known is None:
            listed = await self._run(list(self._engine.voices), b"")
            self._known = frozenset(listed.decode(errors="replace").partition(":")[2].split())
        if voice not in self._known:
            known = ", ".join(sorted(self._known))
            raise AgentError(f"voice: {self._program} has no voice {voice!r}: expected {known}")

    async def _run(self, arguments: list[str], text: bytes) -> bytes:
        """Run the program on the text; its standard output. Raises AgentError."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise AgentError(
                f"voice: cannot run {self._program}: {error.strerror}: "
                f"install it (`apt install {self._engine.package}`)"
            ) from error
        try:
            async with asyncio.timeout(self._seconds):
                output, _ = await process.communicate(text)
        except TimeoutError as error:
            raise AgentError(
                f"voice: {self._program} took more than {self._seconds:g} s", retryable=True
            ) from error
        finally:
            if process.returncode is None:
                # The whole group: a wrapper script's child would hold our pipes open.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            # What it says on stderr may quote the text: nobody reads it.
            raise AgentError(
                f"voice: {self._program} {' '.join(arguments[:2])} failed with exit status "
                f"{process.returncode}: run it by hand to see why"
            )
        return output

    def _read(self, path: Path) -> tuple[Samples, int]:
        try:
            with wave.open(str(path)) as file:
                if file.getnchannels() != 1 or file.getsampwidth() != 2:
                    raise AgentError(f"voice: {self._program} wrote a WAV that is not mono 16 bit")
                data, rate = file.readframes(file.getnframes()), file.getframerate()
        except (OSError, EOFError, wave.Error) as error:
            raise AgentError(f"voice: {self._program} wrote no readable WAV: {error}") from error
        if not data:
            raise AgentError(f"voice: {self._program} wrote an empty WAV")
        return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False), rate


TYPOGRAPHY = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": ", ", "—": ", ", "…": ".", "€": " euros ",
     "£": " pounds ", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "ø": "o", "Ø": "O", "ł": "l"}
)  # fmt: skip
"What NFKD leaves beyond ASCII in European texts."


def readable(text: str, *, ascii_only: bool) -> str:
    """The text on one line without control characters; accents dropped for ASCII engines."""
    plain = "".join(" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in text)
    if ascii_only:
        plain = unicodedata.normalize("NFKD", plain.translate(TYPOGRAPHY))
        plain = plain.encode("ascii", "ignore").decode()
    return " ".join(plain.split())
