"""Made speech, kept: recent utterances in memory, fixed ones in a folder too.

What is said to one caller may hold that caller's name; so only texts that somebody asked to keep
(a flow's fixed sentences) reach the disk, and the folder is for its owner's eyes only.
"""

import asyncio
import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from ari_app.media.values import Samples

SUFFIX = ".sln"
"Asterisk's own name for headerless linear 16 bit little-endian at 8 kHz: it can play these files."


def speech_key(engine: str, voice: str, text: str) -> str:
    """Name of one utterance: a hash that changes with anything that changes the sound."""
    return hashlib.sha256("\0".join((engine, voice, text)).encode()).hexdigest()[:40]


class SpeechCache:
    """8 kHz utterances by key; each is made once, however many ask for it at the same time.

    folder is created with mode 0700 when the first utterance is kept; None keeps in memory only.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        disk_bytes: int = 200_000_000,
        memory_seconds: float = 600.0,
    ) -> None:
        self._folder = folder
        self._disk_bytes = disk_bytes
        self._memory_samples = int(memory_seconds * 8000)
        self._memory: OrderedDict[str, Samples] = OrderedDict()
        self._making: dict[str, asyncio.Task[Samples]] = {}

    async def get(
        self, key: str, make: Callable[[], Awaitable[Samples]], *, keep: bool = False
    ) -> Samples:
        """The utterance, from memory, the folder, or `make` (whose errors pass through).

        keep writes it to the folder. A caller that is cancelled does not stop the making for
        others. The samples are read-only, as they are shared.
        """
        found = self._memory.get(key)
        if found is None:
            found = self._read(key)
        if found is None:
            found = await asyncio.shield(self._made(key, make))
        self._remember(key, found)
        if keep:
            self._write(key, found)
        return found

    def _made(self, key: str, make: Callable[[], Awaitable[Samples]]) -> asyncio.Task[Samples]:
        if key not in self._making:

            async def run() -> Samples:
                samples = np.array(await make(), dtype=np.int16)
                samples.flags.writeable = False
                return samples

            task = asyncio.create_task(run())
            task.add_done_callback(lambda done: self._forget_task(key, done))
            self._making[key] = task
        return self._making[key]

    def _forget_task(self, key: str, task: asyncio.Task[Samples]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # whoever asked has it; if all were cancelled nobody wants it

    def _remember(self, key: str, samples: Samples) -> None:
        self._memory[key] = samples
        self._memory.move_to_end(key)
        held = sum(len(each) for each in self._memory.values())
        while held > self._memory_samples and len(self._memory) > 1:
            held -= len(self._memory.popitem(last=False)[1])

    def _read(self, key: str) -> Samples | None:
        if self._folder is None:
            return None
        path = self._folder / (key + SUFFIX)
        try:
            data = path.read_bytes()
            os.utime(path)  # recently used: `_prune` drops the oldest
        except OSError:  # not there, or not readable: it is made again
            return None
        if not data or len(data) % 2:
            return None
        return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)

    def _write(self, key: str, samples: Samples) -> None:
        """Into the folder in one step; a full disk costs the copy, not the utterance."""
        if self._folder is None or self._holds(self._folder / (key + SUFFIX), samples):
            return
        temporary = None
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(samples.astype("<i2").tobytes())
            os.replace(temporary, self._folder / (key + SUFFIX))
        except OSError:
            if temporary is not None:
                Path(temporary).unlink(missing_ok=True)
            return
        self._prune(self._folder)

    @staticmethod
    def _holds(path: Path, samples: Samples) -> bool:
        try:
            return path.stat().st_size == samples.nbytes
        except OSError:
            return False

    def _prune(self, folder: Path) -> None:
        """Drop the longest unused files beyond the limit; others may be pruning too."""
        found: list[tuple[float, int, Path]] = []
        for path in folder.glob("*" + SUFFIX):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime, status.st_size, path))
        held = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held <= self._disk_bytes:
                return
            path.unlink(missing_ok=True)
            held -= size
