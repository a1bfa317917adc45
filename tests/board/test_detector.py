import numpy as np
import pytest

from ari_app.board.detector import VoiceDetector
from ari_app.media.gate import Gate
from ari_app.media.rows import Rows
from ari_app.media.values import FrameHeard, Samples, SpeechBegan
from tests.support.audio import mixed, noise, silence, voiced


def begins(sound: Samples) -> list[tuple[float, float]]:
    """Where gate and detector together say that speech began: (decided, onset), seconds."""
    gate, detector = Gate(Rows(1)), VoiceDetector()
    gate.clear(0)
    found = []
    for number, frame in enumerate(sound[: len(sound) // 160 * 160].reshape(-1, 160)):
        heard = FrameHeard(frame, number * 0.02)
        edge = gate.hear(0, heard, detector.is_speech(frame))
        if isinstance(edge, SpeechBegan):
            found.append((heard.at + 0.02, edge.at))
    return found


def test_a_fresh_detector_hears_nothing_in_silence_or_steady_noise() -> None:
    assert begins(silence(1.0)) == []
    assert begins(noise(3.0, level=-45)) == []
    assert begins(noise(3.0, level=-40, colour="pink")) == []


@pytest.mark.parametrize("pitch", [100.0, 140.0, 210.0])
def test_speech_is_heard_about_50_ms_after_its_onset_at_20_db(pitch: float) -> None:
    delays, errors = [], []
    for draw in range(12):
        onset = 1.0 + draw * 0.0017
        speech = np.concatenate([silence(onset), voiced(0.5, pitch=pitch, level=-25)])
        [(decided, at), *others] = begins(mixed(speech, noise(2.0, level=-45, seed=draw)))
        assert others == []
        delays.append(decided - onset)
        errors.append(abs(at - onset))
    assert np.percentile(delays, 50) <= 0.06
    assert np.percentile(delays, 95) <= 0.1
    assert max(errors) <= 0.03
