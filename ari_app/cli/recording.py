"""Both sides of a call in one file."""

import wave
from pathlib import Path

import numpy as np

from ari_app.errors import ConfigError
from ari_app.media.values import Samples


def write_stereo(path: Path, left: Samples, right: Samples, rate: int = 8000) -> None:
    """A 16-bit stereo WAV; the shorter side ends in silence. Raises ConfigError."""
    both = np.zeros((max(len(left), len(right)), 2), "<i2")
    both[: len(left), 0] = left
    both[: len(right), 1] = right
    try:
        with path.open("wb") as raw, wave.open(raw, "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(both.tobytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
