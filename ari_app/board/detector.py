"""webrtcvad: is this frame speech?"""

import webrtcvad  # type: ignore[import-untyped]

from ari_app.media.rows import FRAME, RATE
from ari_app.media.values import Samples

_MODE = 2
"Measured: with 2 of 3 frames, p50 48 ms after onset at 25 dB SNR, nothing in white noise."
_PRIMING_FRAMES = 10
"A fresh detector takes its first 100 ms for speech, whatever they are."


class VoiceDetector:
    """One media's detector; it remembers the noise, so give it the frames in order."""

    def __init__(self) -> None:
        self._detector = webrtcvad.Vad(_MODE)
        for _ in range(_PRIMING_FRAMES):
            self._detector.is_speech(bytes(2 * FRAME), RATE)

    def is_speech(self, frame: Samples) -> bool:
        return bool(self._detector.is_speech(frame.tobytes(), RATE))
