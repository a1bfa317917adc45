"""When the far side spoke, and whether it has finished; in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import numpy as np
import pytest

from ari_app.media.values import Samples
from ari_app.phone.listen import Listener, Stretch, stretches
from ari_app.phone.port import CallState, PhoneCall, PhoneError
from tests.support import virtual_time
from tests.support.audio import tone

T = Stretch | float


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * 8000), np.int16)


def joined(*pieces: Samples) -> Samples:
    return np.concatenate(pieces)


def test_sound_is_found_where_it_is() -> None:
    heard = joined(silence(0.5), tone(440, 0.3), silence(1.0), tone(440, 0.2), silence(0.4))
    assert stretches(heard) == [
        Stretch(pytest.approx(0.5), pytest.approx(0.8)),
        Stretch(pytest.approx(1.8), pytest.approx(2.0)),
    ]


def test_short_silences_belong_to_what_is_said() -> None:
    heard = joined(tone(440, 0.2), silence(0.5), tone(440, 0.2))
    assert len(stretches(heard)) == 1
    assert len(stretches(heard, gap=0.3)) == 2


def test_noise_below_the_threshold_is_no_sound() -> None:
    rng = np.random.default_rng(1)
    assert stretches(rng.integers(-60, 60, 16000).astype(np.int16)) == []
    assert stretches(silence(0)) == []
    assert stretches(tone(440, 0.01)) == []


class Call:
    """A call whose audio comes as the loop's clock goes on."""

    def __init__(self, audio: Samples, ends: float = np.inf) -> None:
        self._audio, self._ends = audio, ends

    @property
    def state(self) -> CallState:
        return "ended" if asyncio.get_running_loop().time() >= self._ends else "answered"

    def heard(self) -> Samples:
        count = round(min(asyncio.get_running_loop().time(), self._ends) * 8000)
        return joined(self._audio, silence(max(0, count - len(self._audio)) / 8000))[:count]

    def heard_since(self, seconds: float) -> Samples:
        return self.heard()[round(seconds * 8000) :]


def listening(
    audio: Samples, ask: Callable[[Listener], Awaitable[T]], ends: float = np.inf
) -> tuple[T, float]:
    """What the listener answered, and when."""

    async def run() -> tuple[T, float]:
        answer = await ask(Listener(cast(PhoneCall, Call(audio, ends))))
        return answer, asyncio.get_running_loop().time()

    return virtual_time.run(run())


SENTENCE = joined(silence(0.5), tone(440, 1.0), silence(0.4), tone(440, 0.6), silence(3.0))


def test_the_onset_is_told_at_once() -> None:
    onset, when = listening(SENTENCE, lambda listener: listener.onset())
    assert onset == pytest.approx(0.5)
    assert when < 0.6


def test_a_sentence_is_over_after_a_silence_and_not_at_a_pause() -> None:
    said, when = listening(SENTENCE, lambda listener: listener.utterance())
    assert said == Stretch(pytest.approx(0.5), pytest.approx(2.5))
    assert when == pytest.approx(3.2, abs=0.06)


def test_a_polite_person_waits_as_long_as_he_likes() -> None:
    said, when = listening(SENTENCE, lambda listener: listener.utterance(quiet=0.3))
    assert said == Stretch(pytest.approx(0.5), pytest.approx(1.5))
    assert when == pytest.approx(1.8, abs=0.06)


def test_each_utterance_is_told_once() -> None:
    audio = joined(tone(440, 0.5), silence(1.0), tone(440, 0.5), silence(2.0))

    async def second(listener: Listener) -> Stretch:
        await listener.utterance()
        return await listener.utterance()

    said, _ = listening(audio, second)
    assert said == Stretch(pytest.approx(1.5), pytest.approx(2.0))


def test_what_was_before_can_be_forgotten() -> None:
    async def later(listener: Listener) -> float:
        await asyncio.sleep(1.7)  # in the pause
        listener.forget()
        return await listener.onset()

    onset, _ = listening(SENTENCE, later)
    assert onset == pytest.approx(1.9, abs=0.03)


def test_silence_is_told_when_the_time_is_up() -> None:
    with pytest.raises(PhoneError, match="within 2 s"):
        listening(silence(5), lambda listener: listener.utterance(timeout=2.0))


def test_a_call_that_ends_is_told() -> None:
    with pytest.raises(PhoneError, match="ended"):
        listening(silence(5), lambda listener: listener.onset(), ends=1.0)
