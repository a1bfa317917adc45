"""Sounds for tests and the measures by which tests judge what was heard.

All sounds are `int16`, mono, shape (n,); levels are dB relative to full scale (a sine of full scale
has -3 dBFS). Sounds are reproducible: noise takes a seed.
"""

import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ari_app.media.g711 import ulaw_encode
from ari_app.media.values import Audio, Samples

FULL_SCALE = 32768.0


def _samples(wave_: NDArray[np.float64]) -> Samples:
    return np.clip(np.round(wave_), -32768, 32767).astype(np.int16)


def scaled(sound: NDArray[np.float64], level: float) -> Samples:
    """A wave of any amplitude as samples of the wanted level, dBFS."""
    root = np.sqrt(np.mean(sound**2))
    return _samples(sound / root * FULL_SCALE * 10 ** (level / 20))


def tone(
    frequency: float, seconds: float, *, level: float = -20.0, rate: int = 8000, phase: float = 0.0
) -> Samples:
    """A sine of this level, dBFS; phase in radians."""
    at = np.arange(round(seconds * rate)) / rate
    amplitude = FULL_SCALE * np.sqrt(2) * 10 ** (level / 20)
    return _samples(amplitude * np.sin(2 * np.pi * frequency * at + phase))


def silence(seconds: float, *, rate: int = 8000) -> Samples:
    return np.zeros(round(seconds * rate), np.int16)


def noise(
    seconds: float,
    *,
    level: float = -40.0,
    colour: Literal["white", "pink"] = "white",
    rate: int = 8000,
    seed: int = 0,
) -> Samples:
    """Gaussian noise; pink falls by 3 dB an octave."""
    count = round(seconds * rate)
    white = np.random.default_rng(seed).normal(size=count)
    if colour == "white":
        return scaled(white, level)
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return scaled(np.fft.irfft(spectrum, count), level)


def voiced(
    seconds: float, *, pitch: float = 120.0, level: float = -20.0, rate: int = 8000
) -> Samples:
    """A vowel-like sound: the harmonics of a pitch (Hz), weaker the higher they are."""
    at = np.arange(round(seconds * rate)) / rate
    harmonic = np.arange(1, int(3400 / pitch) + 1)[:, None]
    waves = np.sin(2 * np.pi * pitch * harmonic * at + harmonic**2) / harmonic
    return scaled(waves.sum(axis=0), level)


def mixed(*sounds: Samples) -> Samples:
    """The sum of sounds, as long as the longest, clipped."""
    total = np.zeros(max(len(sound) for sound in sounds))
    for sound in sounds:
        total[: len(sound)] += sound
    return _samples(total)


def babble(clips: Sequence[Samples], seconds: float, *, level: float = -35.0, rate: int = 8000,
           voices: int = 6, seed: int = 0) -> Samples:  # fmt: skip
    """Many people talking at once: clips of speech from random places, looped and summed."""
    rng = np.random.default_rng(seed)
    total = np.zeros(round(seconds * rate))
    for voice in range(voices):
        clip = clips[voice % len(clips)].astype(np.float64)
        total += np.resize(np.roll(clip, -int(rng.integers(len(clip)))), len(total))
    return scaled(total, level)


def level(sound: Samples) -> float:
    """dBFS of a stretch; -inf when it is silent."""
    power = np.mean(sound.astype(np.float64) ** 2) if len(sound) else 0.0
    return float(10 * np.log10(power) - 20 * np.log10(FULL_SCALE)) if power else -np.inf


def level_at(sound: Samples, frequency: float, *, rate: int = 8000) -> float:
    """dBFS of one frequency in a stretch (Goertzel's algorithm, its closed form).

    Exact when the stretch holds whole periods; resolution is 1 / seconds of the stretch.
    """
    turns = np.exp(-2j * np.pi * frequency / rate * np.arange(len(sound)))
    amplitude = 2 * abs(np.dot(sound.astype(np.float64), turns)) / max(len(sound), 1)
    return float(20 * np.log10(max(amplitude, 1e-9) / np.sqrt(2) / FULL_SCALE))


def snr(heard: Samples, meant: Samples) -> float:
    """dB of what was meant over what was heard besides it; inf when equal.

    Both must be aligned and of equal length; the gain is fitted.
    """
    reference, got = meant.astype(np.float64), heard.astype(np.float64)
    gain = float(np.dot(reference, got) / np.dot(reference, reference))
    wrong = np.sum((got - gain * reference) ** 2)
    return float(10 * np.log10(gain**2 * np.sum(reference**2) / wrong)) if wrong else np.inf


def delay(heard: Samples, sent: Samples, *, longest: int) -> int:
    """By how many samples `heard` comes after `sent`: where they correlate best, 0 to longest."""
    reference = sent[: len(sent) - longest].astype(np.float64)
    window = heard[: len(reference) + longest].astype(np.float64)
    return int(np.argmax(np.correlate(window, reference, "valid")))


def write_wav(path: Path, audio: Audio) -> None:
    """A mono WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.rate)
        file.writeframes(audio.samples.astype("<i2").tobytes())


def read_wav(path: Path) -> Audio:
    """A mono WAV of 16 bits. Raises ValueError for any other."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError(f"{path}: expected mono of 16 bits, got {file.getparams()}")
        octets = file.readframes(file.getnframes())
        return Audio(np.frombuffer(octets, "<i2").astype(np.int16), file.getframerate())


def write_ulaw(path: Path, samples: Samples) -> None:
    """Headerless µ-law at 8 kHz, what Asterisk plays as `.ulaw`."""
    path.write_bytes(ulaw_encode(samples).tobytes())
