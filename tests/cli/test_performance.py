"""The demo's caller against a far side whose every word is known; in virtual time."""

import asyncio
from typing import cast

import numpy as np
import pytest

from ari_app.cli.performance import Performance
from ari_app.cli.story import Interrupt, LeaveMessage, Move, Press, Say
from ari_app.media.values import Audio, Samples
from ari_app.phone.listen import Stretch
from ari_app.phone.port import PhoneCall, PhoneError
from ari_app.timeline import Mark
from tests.support import virtual_time
from tests.support.audio import silence, tone

SPOKEN = 0.8
"Seconds of everything that the caller says."
SPEECH = tone(440, 20.0)


def now() -> float:
    return asyncio.get_running_loop().time()


class Voice:
    async def say(self, text: str) -> Samples:
        return tone(300, SPOKEN)


class FarSide:
    """A call in which the far side speaks in `stretches`; `polite`: so long after the caller
    began, it is silent."""

    state = "answered"

    def __init__(self, *stretches: tuple[float, float], polite: float = np.inf) -> None:
        self._stretches, self._polite = stretches, polite
        self.said: list[float] = []
        "When the caller began to speak."
        self.pressed: list[tuple[float, str]] = []

    def heard(self) -> Samples:
        audio = silence(now())
        quiet = self.said[0] + self._polite if self.said else np.inf
        for began, ended in self._stretches:
            first, last = (round(min(at, now(), quiet) * 8000) for at in (began, ended))
            audio[first:last] = SPEECH[: last - first]
        return audio

    def heard_since(self, seconds: float) -> Samples:
        return self.heard()[round(seconds * 8000) :]

    def play(self, samples: Samples) -> None:
        self.said.append(now())
        self._idle = now() + len(samples) / 8000

    async def played(self) -> None:
        await asyncio.sleep(self._idle - now())

    async def press(self, digits: str) -> None:
        self.pressed.append((now(), digits))
        await asyncio.sleep(0.2 * len(digits))


class Audience:
    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.stretches: list[tuple[Stretch, float, bool]] = []

    def tell(self, mark: Mark) -> None:
        self.marks.append(mark)

    def heard(self, stretch: Stretch, audio: Audio, *, cut: bool) -> None:
        self.stretches.append((stretch, audio.seconds, cut))

    def of(self, kind: str) -> list[Mark]:
        return [mark for mark in self.marks if mark.kind == kind]


def performed(far: FarSide, *moves: Move) -> Audience:
    audience = Audience()

    async def run() -> None:
        await asyncio.sleep(0.001)
        performance = Performance(cast(PhoneCall, far), Voice(), audience)
        for move in moves:
            await performance.make(move)

    virtual_time.run(run())
    return audience


def test_it_speaks_when_the_far_side_has_finished() -> None:
    far = FarSide((0.5, 2.0))
    audience = performed(far, Say("hello"))
    assert far.said == [pytest.approx(2.7, abs=0.06)]
    (mark,) = audience.of("caller")
    assert (mark.text, mark.at) == ("hello", pytest.approx(far.said[0], abs=0.03))
    assert mark.until - mark.at == pytest.approx(SPOKEN, abs=0.03)
    ((stretch, seconds, cut),) = audience.stretches
    assert (stretch.at, stretch.until, cut) == (pytest.approx(0.5), pytest.approx(2.0), False)
    assert seconds == pytest.approx(1.5, abs=0.03)


def test_the_wait_for_an_answer_is_from_the_last_word_to_the_first() -> None:
    far = FarSide((0.5, 1.0), (3.5, 4.0))  # the caller speaks from 1.7 to 2.5
    (wait,) = performed(far, Say("hello"), Press("1")).of("wait")
    assert wait.until == pytest.approx(3.5, abs=0.03)
    assert wait.until - wait.at == pytest.approx(1.0, abs=0.08)
    assert wait.text == f"{1000 * (wait.until - wait.at):.0f} ms"


def test_keys_are_pressed_after_the_far_side_or_into_its_words() -> None:
    far = FarSide((0.5, 3.0), (5.0, 9.0))
    audience = performed(far, Press("1"), Press("23", after=1.5))
    assert far.pressed == [
        (pytest.approx(3.7, abs=0.06), "1"),
        (pytest.approx(6.5, abs=0.06), "23"),
    ]
    assert [mark.text for mark in audience.of("keys")] == ["1", "23"]
    assert not audience.of("wait"), "a key is no last word"


def test_an_interruption_tells_how_long_the_far_side_went_on() -> None:
    far = FarSide((0.5, 10.0), polite=0.16)
    audience = performed(far, Interrupt("stop", after=1.2))
    assert far.said == [pytest.approx(1.7, abs=0.06)]
    (event,) = audience.of("event")
    assert event.at == pytest.approx(far.said[0] + 0.16, abs=0.03)
    assert event.text.startswith("interrupted: silent ")
    assert 140 <= float(event.text.split()[2]) <= 180
    ((stretch, _, cut),) = audience.stretches
    assert (stretch.at, cut) == (pytest.approx(0.5), True)
    assert stretch.until == pytest.approx(event.at)


def test_a_message_waits_for_a_longer_silence_than_a_pause_before_the_tone() -> None:
    far = FarSide((0.5, 2.0), (2.9, 3.4))  # words, a breath, the tone
    performed(far, LeaveMessage("call me"))
    assert far.said == [pytest.approx(4.4, abs=0.06)]


def test_a_far_side_that_says_nothing_is_an_error() -> None:
    with pytest.raises(PhoneError, match="within"):
        performed(FarSide(), Say("hello"))
