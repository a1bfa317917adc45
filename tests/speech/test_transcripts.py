from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from ari_app.media.values import Audio, Samples
from ari_app.speech.recogniser import GrammarRecogniser
from tests.support.audio import noise, silence
from tests.support.telephone_speech import closest, on_the_phone, words_of

Speak = Callable[..., Awaitable[Samples]]
SENTENCES = (
    "You are talking with an automated assistant.",
    "How can I help you? You can say opening hours, leave a message, sales, or support.",
    "We are open from Monday to Friday, from 9 to 17.",
    "I am sorry. Please leave a message after the tone.",
)


async def test_a_call_is_told_sentence_by_sentence_with_its_times(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    first, second = [await speak(SENTENCES[each]) for each in (2, 1)]
    call = np.concatenate([silence(1.0), first, silence(2.0), second])
    heard = await words_of(recogniser, on_the_phone(call).samples, SENTENCES)
    assert [each.sentence for each in heard] == [SENTENCES[2], SENTENCES[1]]
    assert min(each.score for each in heard) > 0.85
    assert heard[0].at == pytest.approx(1.3, abs=0.15)
    assert heard[1].at == pytest.approx(3.3 + len(first) / 8000, abs=0.15)


async def test_a_sentence_that_was_cut_is_not_reported_whole(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    whole = await speak(SENTENCES[1])
    (heard,) = await words_of(recogniser, on_the_phone(whole[: len(whole) // 3]).samples, SENTENCES)
    assert heard.sentence == SENTENCES[1]
    assert len(heard.words.split()) < 8
    assert heard.score < 0.75


async def test_a_quiet_line_holds_no_words(recogniser: GrammarRecogniser) -> None:
    for sound in (silence(0.0), silence(2.0), noise(2.0, level=-65)):
        assert await recogniser.transcribe(Audio(sound), SENTENCES) == ""


async def test_words_that_the_dictionary_lacks_are_passed_over(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    audio = on_the_phone(await speak("Please leave a message"))
    heard = await recogniser.transcribe(
        audio, ("Xyzzyplugh, please leave a message", "Xyzzyplugh!")
    )
    assert heard == "please leave a message"


def test_the_closest_sentence_and_how_close() -> None:
    pytest.importorskip("pocketsphinx")
    assert closest("please leave a message", SENTENCES)[0] == SENTENCES[3]
    assert closest("we are open from monday to friday from nine to seventeen", SENTENCES) == (
        SENTENCES[2],
        1.0,
    )
    assert closest("", SENTENCES) == ("", 0.0)
