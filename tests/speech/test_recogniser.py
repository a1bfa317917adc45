import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import product

import numpy as np
import pytest

from ari_app.errors import AgentError, ConfigError
from ari_app.media.resample import resample
from ari_app.media.values import Audio, Samples
from ari_app.speech.recogniser import GrammarRecogniser
from tests.support.audio import noise, silence, tone
from tests.support.telephone_speech import on_the_phone

Speak = Callable[..., Awaitable[Samples]]
YES_NO = ("yes", "no", "Yes, please!", "no thank you", "that is right", "that is wrong")
MENU = ("opening hours", "leave a message", "sales", "support", "goodbye", "operator")
ELSEWHERE = (
    "where is my parcel", "can you tell me the weather", "I do not know", "what did you say",
    "my name is Peter", "hello hello can you hear me", "the car is broken", "just a second",
    "I would like a pizza with cheese", "how much does it cost", "could you repeat that",
    "forty two", "is this a robot", "I am calling about my bill", "wait a moment I need to find it",
)  # fmt: skip


def processes_of(recogniser: GrammarRecogniser) -> list[int]:
    return [worker.pid for worker in recogniser.workers if worker.pid]


async def test_nine_of_ten_answers_are_understood(
    speak: Speak, recognisers: GrammarRecogniser
) -> None:
    async def understood(name: str, phrase: str, phrases: tuple[str, ...]) -> bool:
        found = await recognisers.recognise(on_the_phone(await speak(phrase, name)), phrases)
        return found.text == phrase and found.confidence > 0

    # Which of them are not understood depends on what a worker heard before, so they are counted
    # together: about two of the 36.
    answers = [(phrase, phrases) for phrases in (YES_NO, MENU) for phrase in phrases]
    said = [(name, *answer) for name, answer in product(("slt", "rms", "kal16"), answers)]
    right = sum(await asyncio.gather(*(understood(*one) for one in said)))
    assert right >= 0.9 * len(said)


async def test_most_of_what_is_not_in_the_menu_is_refused(
    speak: Speak, recognisers: GrammarRecogniser
) -> None:
    async def taken(text: str) -> bool:
        found = await recognisers.recognise(on_the_phone(await speak(text, "rms")), MENU)
        return bool(found.text)

    assert sum(await asyncio.gather(*map(taken, ELSEWHERE))) <= 0.4 * len(ELSEWHERE)


@pytest.mark.parametrize(
    "samples",
    [silence(0.0), silence(2.0), noise(1.0, level=-65), tone(400, 0.05)],
    ids=["nothing", "silence", "a quiet line", "a click"],
)
async def test_hardly_any_speech_is_nothing(
    recogniser: GrammarRecogniser, samples: np.typing.NDArray[np.int16]
) -> None:
    found = await recogniser.recognise(Audio(samples), YES_NO)
    assert (found.text, found.confidence) == ("", 0.0)
    assert processes_of(recogniser) == []  # not even asked


async def test_a_reading_does_not_depend_on_what_was_heard_before(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    audio = on_the_phone(await speak("leave a message"))
    first = await recogniser.recognise(audio, MENU)
    await recogniser.recognise(Audio(noise(1.0, level=-15)), MENU)
    await recogniser.recognise(on_the_phone(await speak("no thank you")), YES_NO)
    assert await recogniser.recognise(audio, MENU) == first


async def test_other_sampling_rates_are_understood(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    audio = on_the_phone(await speak("leave a message"))
    wide = Audio(resample(audio.samples, 8000, 24000), 24000)
    assert (await recogniser.recognise(wide, MENU)).text == "leave a message"


async def test_many_at_once_are_all_answered_with_their_own(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    phrases = ("opening hours", "leave a message", "sales") * 4
    audios = [on_the_phone(await speak(phrase)) for phrase in phrases]
    found = await asyncio.gather(*(recogniser.recognise(audio, MENU) for audio in audios))
    assert [each.text for each in found] == list(phrases)
    assert len(processes_of(recogniser)) == 1


async def test_the_event_loop_is_never_held(speak: Speak, recogniser: GrammarRecogniser) -> None:
    audio = on_the_phone(await speak("leave a message"))
    await recogniser.recognise(audio, MENU)
    latest, running = 0.0, asyncio.create_task(recogniser.recognise(audio, MENU))
    while not running.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        latest = max(latest, time.perf_counter() - before)
    assert latest < 0.04  # a decode takes longer


async def test_a_killed_worker_costs_its_request_and_no_other(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    audio = on_the_phone(await speak("leave a message"))
    await recogniser.recognise(audio, MENU)
    (process,) = processes_of(recogniser)
    long = Audio(np.tile(audio.samples, 12))
    running = asyncio.create_task(recogniser.recognise(long, MENU))
    waiting = asyncio.create_task(recogniser.recognise(audio, MENU))
    await asyncio.sleep(0.05)
    os.kill(process, 9)
    with pytest.raises(AgentError, match="died") as raised:
        await running
    assert raised.value.retryable
    assert (await waiting).text == "leave a message"
    assert processes_of(recogniser) != [process]


async def test_a_worker_killed_between_requests_is_replaced(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    audio = on_the_phone(await speak("sales"))
    await recogniser.recognise(audio, MENU)
    os.kill(processes_of(recogniser)[0], 9)
    await asyncio.sleep(0.1)
    assert (await recogniser.recognise(audio, MENU)).text == "sales"


async def test_a_worker_that_hangs_is_ended_at_the_deadline(speak: Speak) -> None:
    audio = on_the_phone(await speak("sales"))
    pytest.importorskip("pocketsphinx")
    async with GrammarRecogniser(seconds=0.5) as recogniser:
        await recogniser.recognise(audio, MENU)
        (process,) = processes_of(recogniser)
        os.kill(process, 19)  # SIGSTOP
        with pytest.raises(AgentError, match=r"more than 0\.5 s") as raised:
            await recogniser.recognise(audio, MENU)
        assert raised.value.retryable
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        assert (await recogniser.recognise(audio, MENU)).text == "sales"


async def test_one_who_gives_up_does_not_leave_his_answer_to_the_next(
    speak: Speak, recogniser: GrammarRecogniser
) -> None:
    sales, hours = [on_the_phone(await speak(each)) for each in ("sales", "opening hours")]
    await recogniser.recognise(sales, MENU)
    leaves = asyncio.create_task(recogniser.recognise(sales, MENU))
    await asyncio.sleep(0.01)
    leaves.cancel()
    assert (await recogniser.recognise(hours, MENU)).text == "opening hours"


async def test_an_unknown_word_is_named_and_retrying_would_not_help(
    recogniser: GrammarRecogniser,
) -> None:
    with pytest.raises(AgentError, match="'xyzzyplugh' in 'Xyzzyplugh'") as raised:
        await recogniser.recognise(Audio(noise(1.0, level=-20)), ("yes", "Xyzzyplugh"))
    assert not raised.value.retryable


async def test_closing_ends_the_processes(speak: Speak, recogniser: GrammarRecogniser) -> None:
    await recogniser.recognise(on_the_phone(await speak("sales")), MENU)
    (process,) = processes_of(recogniser)
    await recogniser.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_no_more_workers_than_cores() -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(ConfigError, match=r"speech\.recognisers: 1000: expected 1 to"):
        GrammarRecogniser(workers=1000)
