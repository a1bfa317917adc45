"""How soon and how rightly speech is noticed: webrtcvad and energy gate on a human voice in noise.

    python tests/benchmarks/bench_gate.py [--sounds FOLDER] [--clips 40] [--minutes 5]

FOLDER holds Asterisk's own English prompts, WAV (`asterisk/sandbox install
asterisk-core-sounds-en-wav` unpacks them). All sounds pass through µ-law, and a clip begins
anywhere in a frame. "onset": from the acoustic onset to the end of the frame that decided.
"missed": clips in which speech was never noticed. "end": from the end of the clip to the decision
that it was over. "pauses": how often speech was taken for over inside a clip; "splits": how often
for 0.5 s or more, which ends a caller's turn.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from ari_app.board.detector import VoiceDetector
from ari_app.media.g711 import ulaw_decode, ulaw_encode
from ari_app.media.gate import Gate
from ari_app.media.rows import FRAME, FRAME_SECONDS, Rows
from ari_app.media.values import FrameHeard, Samples, SpeechBegan, SpeechEnded
from tests.support.audio import level, mixed, noise, read_wav, scaled

SOUNDS = Path("var/sandbox/root/usr/share/asterisk/sounds/en_US_f_Allison")
SPEECH_LEVEL = -22.0
TURN_ENDS = 0.5
Colour = Literal["white", "pink"]
COLOURS: tuple[Colour, ...] = ("white", "pink")
Edge = tuple[float, SpeechBegan | SpeechEnded]
"When it was decided (seconds of audio), and what."


def edges(sound: Samples) -> list[Edge]:
    """What the gate says of a sound that comes over the telephone."""
    heard = ulaw_decode(ulaw_encode(sound))
    gate, detector = Gate(Rows(1)), VoiceDetector()
    gate.clear(0)
    found: list[Edge] = []
    for number in range(len(heard) // FRAME):
        frame = heard[number * FRAME : (number + 1) * FRAME]
        verdict = detector.is_speech(frame)
        edge = gate.hear(0, FrameHeard(frame, number * FRAME_SECONDS), verdict)
        if edge is not None:
            found.append(((number + 1) * FRAME_SECONDS, edge))
    return found


def trimmed(clip: Samples) -> Samples:
    """From the first to the last stretch of 5 ms that is within 25 dB of the loud ones."""
    levels = np.array([level(part) for part in clip[: len(clip) // 40 * 40].reshape(-1, 40)])
    loud = np.flatnonzero(levels > np.percentile(levels, 90) - 25)
    return scaled(clip[40 * loud[0] : 40 * (loud[-1] + 1)].astype(np.float64), SPEECH_LEVEL)


@dataclass
class Found:
    onsets: list[float]
    ends: list[float]
    missed: int = 0
    pauses: int = 0
    splits: int = 0


def judge(clips: list[Samples], ratio: float, colour: Colour) -> Found:
    """Every clip between 2 s and 1 s of noise that is so many dB fainter."""
    found = Found([], [])
    rng = np.random.default_rng(1)
    for seed, clip in enumerate(clips):
        begin = 16000 + int(rng.integers(FRAME))
        end = begin + len(clip)
        around = noise(end / 8000 + 1, level=SPEECH_LEVEL - ratio, colour=colour, seed=seed)
        onset, over = begin / 8000, end / 8000
        told = [one for one in edges(mixed(around, np.pad(clip, (begin, 0)))) if one[0] > onset]
        began = [(when, edge.at) for when, edge in told if isinstance(edge, SpeechBegan)]
        ended = [(when, edge.at) for when, edge in told if isinstance(edge, SpeechEnded)]
        if not began:
            found.missed += 1
            continue
        found.onsets.append(began[0][0] - onset)
        if ended:
            found.ends.append(ended[-1][0] - over)
        gaps = [next_[1] - last[1] for last, next_ in zip(ended, began[1:], strict=False)]
        found.pauses += len(gaps)
        found.splits += sum(gap >= TURN_ENDS for gap in gaps)
    return found


def false_starts(colour: Colour, loudness: float, minutes: float) -> float:
    """Per minute of noise alone, the first second (when nothing is known) included."""
    told = edges(noise(60 * minutes, level=loudness, colour=colour, seed=7))
    return sum(isinstance(edge, SpeechBegan) for _, edge in told) / minutes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sounds", type=Path, default=SOUNDS)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=5.0)
    arguments = parser.parse_args()
    files = sorted(arguments.sounds.glob("*.wav"))
    if not files:
        print(f"bench_gate: no WAV in {arguments.sounds}; see --help for where to get them")
        return
    every = max(1, len(files) // arguments.clips)
    clips = [trimmed(read_wav(file).samples) for file in files[::every]]
    seconds = sum(map(len, clips)) / 8000
    print(f"{len(clips)} clips, {seconds:.0f} s of speech")
    print("noise      SNR   onset ms p50 / p95   missed   end ms p50 / p95   pauses  splits")
    for colour in COLOURS:
        for ratio in (30.0, 20.0, 10.0):
            found = judge(clips, ratio, colour)
            onset = 1000 * np.percentile(found.onsets, [50, 95])
            end = 1000 * np.percentile(found.ends, [50, 95])
            print(
                f"{colour:6} {ratio:5.0f} dB {onset[0]:10.0f} / {onset[1]:3.0f} {found.missed:10}"
                f" {end[0]:10.0f} / {end[1]:3.0f} {found.pauses:11} {found.splits:7}"
            )
    print("noise     dBFS   false starts per minute")
    for colour in COLOURS:
        for loudness in (-60.0, -50.0, -40.0, -30.0):
            starts = false_starts(colour, loudness, arguments.minutes)
            print(f"{colour:6} {loudness:7.0f} {starts:12.2f}")


if __name__ == "__main__":
    main()
