import numpy as np
import pytest

from ari_app.dialogue.ear import Ear
from ari_app.media.values import FrameHeard, SpeechBegan, SpeechEnded


def frame(at: float) -> FrameHeard:
    return FrameHeard(np.ones(160, np.int16), at)


def test_stream_time_is_what_the_agent_was_given_whatever_the_media_counts() -> None:
    ear = Ear()
    for index in range(50):
        ear.hear(frame(7.0 + index * 0.02), silent=False)
    assert ear.reached == pytest.approx(1.0)
    assert ear.edge(SpeechBegan(7.5)).at == pytest.approx(0.5)
    ear.attach()
    for index in range(50):
        ear.hear(frame(index * 0.02), silent=False)
    ended = ear.edge(SpeechEnded(0.5))
    assert isinstance(ended, SpeechEnded)
    assert ended.at == pytest.approx(1.5)


def test_frames_that_were_dropped_do_not_shift_the_edges() -> None:
    ear = Ear()
    ear.hear(frame(0.0), silent=False)
    ear.hear(frame(5.0), silent=False)
    assert ear.edge(SpeechBegan(5.0)).at == pytest.approx(0.02)


def test_the_position_is_due_with_the_first_frame_and_then_every_second() -> None:
    ear = Ear()
    due = []
    for index in range(160):
        ear.hear(frame(index * 0.02), silent=False)
        if ear.sighting_due:
            due.append(index)
    assert due == [0, 50, 100, 150]


def test_hold_music_is_heard_as_silence_of_the_same_length() -> None:
    audio = Ear().hear(frame(0.0), silent=True)
    assert audio.seconds == 0.02
    assert not audio.samples.any()
