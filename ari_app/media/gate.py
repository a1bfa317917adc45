"""When the caller begins and ceases to speak.

A frame is speech when it is louder than the noise (an adaptive floor), louder than the echo of what
we send may be, and when the detector says so too. Two such frames of three begin speech; 100 ms
without one end it. Once begun, speech may be fainter: words end softly.
"""

import numpy as np

from ari_app.media.rows import FRAME_SECONDS, Rows
from ari_app.media.serial import Integers
from ari_app.media.values import FrameHeard, Samples, SpeechBegan, SpeechEnded

OVER_NOISE = 2.8
"Speech begins 9 dB over the noise."
STILL_OVER_NOISE = 1.5
"""It goes on 3.5 dB over it. Measured at 20 dB SNR (white): with 9 dB it ends 41 ms too early and
8 of 45 turns are split, with 3.5 dB 58 ms after its end and one."""
FAINTEST = 40.0
"RMS below which nothing is speech: -58 dBFS."
ECHO_GAIN = 0.1
"Echo is at most 20 dB weaker than what we send."
HANGOVER_FRAMES = 5
"Frames of silence that end speech: 100 ms. Pauses between words are the conversation's affair."
START_FLOOR = 200.0
"""RMS. We do not know the line yet, and a fresh webrtcvad takes noise that sets in for speech: what
is quieter than -35 dBFS has to prove itself. The floor sinks within a few frames."""
_FALL, _RISE, _CREEP = 0.3, 0.04, 1.001
"How fast the floor follows quieter frames, noise, and (lest it stay behind) speech."
_SENT_DECAY = 0.87
"Per frame; echo of what was sent 300 ms ago still counts with an eighth."


class Gate:
    """Speech edges of every row."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def clear(self, row: int) -> None:
        self._rows.floor[row] = START_FLOOR

    def sent(self, sending: Integers, frames: Samples) -> None:
        """We sent these frames, shape (n, 160), to these rows, shape (n,)."""
        levels = np.sqrt(np.mean(np.square(frames, dtype=np.float32), axis=1))
        kept = self._rows.sent_level[sending] * _SENT_DECAY
        self._rows.sent_level[sending] = np.maximum(levels, kept)

    def hear(self, row: int, heard: FrameHeard, verdict: bool) -> SpeechBegan | SpeechEnded | None:
        """Judge the next frame; verdict: what a detector says of it.

        Only a frame that was received can be speech, and only such frames teach us the noise.
        """
        if heard.kind != "voice":
            return self._edge(row, heard.at, False)
        rows = self._rows
        level = root_mean_square(heard.samples)
        floor = rows.floor.item(row)
        over = STILL_OVER_NOISE if rows.speaking[row] else OVER_NOISE
        bound = max(floor * over, rows.sent_level.item(row) * ECHO_GAIN, FAINTEST)
        if level < floor:
            rows.floor[row] = floor + _FALL * (level - floor)
        elif verdict:
            rows.floor[row] = max(floor, 1.0) * _CREEP
        else:
            rows.floor[row] = floor + _RISE * (level - floor)
        return self._edge(row, heard.at, verdict and level >= bound)

    def _edge(self, row: int, at: float, speech: bool) -> SpeechBegan | SpeechEnded | None:
        rows = self._rows
        recent = (rows.recent.item(row) << 1 | speech) & 0b111
        rows.recent[row] = recent
        if speech:
            rows.last_speech[row] = at + FRAME_SECONDS
        if rows.speaking[row]:
            silence = at + FRAME_SECONDS - rows.last_speech.item(row)
            if silence >= (HANGOVER_FRAMES - 0.5) * FRAME_SECONDS:
                rows.speaking[row] = False
                return SpeechEnded(rows.last_speech.item(row))
        elif recent.bit_count() >= 2:
            rows.speaking[row] = True
            return SpeechBegan(at - FRAME_SECONDS * (recent.bit_length() - 1))
        return None


def root_mean_square(frame: Samples) -> float:
    """RMS of a frame, 0 to 32768."""
    samples = frame.astype(np.float32)
    return float(np.sqrt(samples @ samples / len(samples)))
