import numpy as np
import pytest

from ari_app.media.gate import HANGOVER_FRAMES, Gate, root_mean_square
from ari_app.media.rows import Rows
from ari_app.media.values import FrameHeard, Samples, SpeechBegan, SpeechEnded
from tests.support.audio import noise, silence, tone

ROW = 1
VOICE = tone(300, 0.02, level=-25)
FAINT = tone(300, 0.02, level=-45)


class Ear:
    """A row that hears frames; the detector believes everything unless told otherwise."""

    def __init__(self) -> None:
        self.gate = Gate(Rows(2))
        self.gate.clear(ROW)
        self.edges: list[SpeechBegan | SpeechEnded] = []
        self.frames = 0

    def hear(self, frame: Samples, frames: int = 1, *, verdict: bool = True) -> None:
        for _ in range(frames):
            self._hear(FrameHeard(frame, self.frames * 0.02), verdict)

    def fill(self, frames: int) -> None:
        for _ in range(frames):
            self._hear(FrameHeard(VOICE, self.frames * 0.02, "filled"), True)

    def send(self, frame: Samples, frames: int = 1) -> None:
        for _ in range(frames):
            self.gate.sent(np.array([ROW]), frame.reshape(1, -1))

    def _hear(self, frame: FrameHeard, verdict: bool) -> None:
        self.frames += 1
        edge = self.gate.hear(ROW, frame, verdict)
        if edge is not None:
            self.edges.append(edge)


@pytest.fixture
def ear() -> Ear:
    return Ear()


def test_two_frames_begin_speech_at_the_first_of_them(ear: Ear) -> None:
    ear.hear(silence(0.02), 50)
    ear.hear(VOICE)
    assert ear.edges == []
    ear.hear(VOICE)
    assert ear.edges == [SpeechBegan(pytest.approx(1.0))]


def test_two_of_three_are_enough_and_one_click_is_not(ear: Ear) -> None:
    ear.hear(silence(0.02), 10)
    ear.hear(VOICE)
    ear.hear(silence(0.02), 2)
    assert ear.edges == []
    ear.hear(VOICE)
    ear.hear(silence(0.02))
    ear.hear(VOICE)
    assert ear.edges == [SpeechBegan(pytest.approx(0.26))]


def test_speech_ends_after_the_hangover_with_the_time_of_the_last_speech(ear: Ear) -> None:
    ear.hear(VOICE, 10)
    ear.hear(silence(0.02), HANGOVER_FRAMES - 1)
    assert len(ear.edges) == 1
    ear.hear(silence(0.02))
    assert ear.edges[1] == SpeechEnded(pytest.approx(0.2))


def test_a_pause_between_words_does_not_end_speech(ear: Ear) -> None:
    for _ in range(5):
        ear.hear(VOICE, 10)
        ear.hear(silence(0.02), HANGOVER_FRAMES - 2)
    assert len(ear.edges) == 1


def test_speech_that_ends_softly_lasts_to_its_end_but_does_not_begin_softly(ear: Ear) -> None:
    line, soft = noise(2.0, level=-50), noise(0.4, level=-44, seed=1)
    for frame in [*line.reshape(-1, 160), *soft.reshape(-1, 160)]:
        ear.hear(frame)
    assert ear.edges == []
    ear.hear(VOICE, 10)
    for frame in soft.reshape(-1, 160):
        ear.hear(frame)
    assert len(ear.edges) == 1


def test_what_the_detector_denies_is_no_speech(ear: Ear) -> None:
    ear.hear(VOICE, 50, verdict=False)
    assert ear.edges == []


def test_frames_that_were_never_sent_are_never_speech_and_end_it(ear: Ear) -> None:
    ear.fill(10)
    assert ear.edges == []
    ear.hear(VOICE, 10)
    ear.fill(HANGOVER_FRAMES)
    assert ear.edges == [SpeechBegan(pytest.approx(0.2)), SpeechEnded(pytest.approx(0.4))]


def test_steady_noise_raises_the_bar_and_speech_over_it_is_still_heard(ear: Ear) -> None:
    loud = noise(4.0, level=-38)
    for frame in loud.reshape(-1, 160):
        ear.hear(frame, verdict=False)
    for frame in noise(2.0, level=-36, seed=1).reshape(-1, 160):
        ear.hear(frame)  # a detector that believes noise
    assert ear.edges == []
    ear.hear(VOICE, 3)
    assert len(ear.edges) == 1


def test_silence_lets_the_bar_down_again(ear: Ear) -> None:
    for frame in noise(4.0, level=-30).reshape(-1, 160):
        ear.hear(frame, verdict=False)
    ear.hear(silence(0.02), 25, verdict=False)
    ear.hear(FAINT, 3)
    assert len(ear.edges) == 1


def test_faint_sounds_in_utter_silence_are_no_speech(ear: Ear) -> None:
    ear.hear(silence(0.02), 50, verdict=False)
    ear.hear(tone(300, 0.02, level=-65), 50)
    assert ear.edges == []


def test_noise_at_the_very_beginning_has_to_prove_itself(ear: Ear) -> None:
    for frame in noise(1.0, level=-38).reshape(-1, 160):
        ear.hear(frame)  # a fresh detector believes it
    assert ear.edges == []


def test_echo_of_what_we_send_is_no_speech_but_a_voice_over_it_is(ear: Ear) -> None:
    ear.hear(silence(0.02), 25)
    ear.send(tone(500, 0.02, level=-20), 10)
    ear.hear(FAINT, 10)
    assert ear.edges == []
    ear.hear(VOICE, 2)
    assert len(ear.edges) == 1


def test_when_we_fall_silent_the_bar_for_echo_sinks_within_half_a_second(ear: Ear) -> None:
    ear.send(tone(500, 0.02, level=-20), 10)
    ear.send(silence(0.02), 25)
    ear.hear(silence(0.02), 25)
    ear.hear(FAINT, 2)
    assert len(ear.edges) == 1


def test_rows_do_not_know_each_other(ear: Ear) -> None:
    ear.gate.clear(0)
    ear.hear(VOICE, 5)
    assert ear.gate.hear(0, FrameHeard(VOICE, 0.0), True) is None


def test_root_mean_square() -> None:
    assert root_mean_square(np.full(160, -32768, np.int16)) == pytest.approx(32768)
    assert root_mean_square(silence(0.02)) == 0
