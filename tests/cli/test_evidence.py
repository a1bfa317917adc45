"""What the demo tells and keeps."""

import json
import wave
from io import StringIO
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from ari_app.cli.evidence import Evidence
from ari_app.cli.site import Site
from ari_app.media.values import Audio, Samples
from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone.listen import Stretch
from ari_app.phone.port import PhoneCall
from ari_app.timeline import Mark
from tests.support.audio import silence, tone


class Ears:
    def __init__(self, words: str) -> None:
        self.words = words
        self.expected: list[tuple[str, ...]] = []

    async def transcribe(self, audio: Audio, sentences: tuple[str, ...]) -> str:
        self.expected.append(sentences)
        return self.words


class Call:
    """Three seconds: the phone sent, and heard."""

    def sent_audio(self) -> Samples:
        return np.concatenate([silence(2.0), tone(440, 1.0)])

    def heard(self) -> Samples:
        return np.concatenate([tone(440, 1.0), silence(2.0)])


CALL = cast(PhoneCall, Call())
ECHO = Audio(silence(1.0), 8000)


class Stage:
    """Evidence in a folder, with the journal that a worker would write."""

    def __init__(self, folder: Path) -> None:
        site = Site(folder, Sandbox(folder / "pbx", SandboxSettings()))
        self.console = Console(record=True, width=100, file=StringIO())
        self.evidence = Evidence(folder, site, self.console)
        self._journal = folder / "journal.jsonl"

    def happen(self, kind: str, **facts: Any) -> None:
        with self._journal.open("a") as file:
            file.write(json.dumps({"kind": kind, **facts}) + "\n")

    async def after_a_call(self) -> None:
        """One is over already, in which the agent said more than was heard."""
        self.evidence.begin("answered", Ears(""), ())
        self.happen("agent_said", text="Earlier words.")
        self.happen("phase", phase="talking", at=0.4, outcome="")
        self.happen("phase", phase="handing over", at=2.4, outcome="handed over to mailbox")
        await self.evidence.end("earlier", CALL)

    def told(self) -> str:
        """Everything on the screen, on one line."""
        return " ".join(self.console.export_text(clear=False).split())


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_what_the_agent_meant_stands_beside_what_the_phone_heard(stage: Stage) -> None:
    ears = Ears("how can i help")
    await stage.after_a_call()
    stage.evidence.begin("answered", ears, ("How can I help?", "Goodbye."))
    stage.happen("agent_said", text="How can I help?")
    stage.evidence.heard(Stretch(0.2, 1.4), ECHO, cut=False)
    await stage.evidence.end("call", CALL)
    assert "agent How can I help?" in stage.told()
    assert "heard from 0.2 s: how can i help (100% of the words)" in stage.told()
    assert "Earlier words" not in stage.told()
    assert ears.expected == [("How can I help?", "Goodbye.")]


async def test_other_words_than_meant_are_told_as_such(stage: Stage) -> None:
    stage.evidence.begin("answered", Ears("how can they yell"), ())
    stage.happen("agent_said", text="How can I help?")
    stage.evidence.heard(Stretch(0.2, 1.4), ECHO, cut=False)
    await stage.evidence.end("call", CALL)
    assert "(50% of the words)" in stage.told()


async def test_of_a_sentence_that_was_cut_no_likeness_is_told(stage: Stage) -> None:
    stage.evidence.begin("answered", Ears("for sales"), ())
    stage.happen("agent_said", text="For sales, press 1.")
    stage.evidence.heard(Stretch(0.2, 0.9), ECHO, cut=True)
    await stage.evidence.end("call", CALL)
    assert "For sales, press 1. —" in stage.told()
    assert "of the words" not in stage.told()


async def test_what_no_agent_said_is_the_mailbox_and_gets_the_words_that_were_heard(
    stage: Stage, tmp_path: Path
) -> None:
    stage.evidence.begin("answered", Ears("please leave a message"), ())
    stage.evidence.heard(Stretch(0.2, 1.4), ECHO, cut=False)
    await stage.evidence.end("call", CALL)
    assert "mailbox (a prompt of Asterisk's own)" in stage.told()
    assert "please leave a" in (tmp_path / "call.svg").read_text()


async def test_both_sides_and_a_picture_are_kept(stage: Stage, tmp_path: Path) -> None:
    stage.evidence.begin("answered", Ears(""), ())
    stage.happen("phase", phase="talking", at=0.4, outcome="")
    stage.happen("phase", phase="handing over", at=2.4, outcome="handed over to mailbox")
    stage.evidence.tell(Mark("caller", 2.0, 3.0, "the mailbox please"))
    await stage.evidence.end("front-desk", CALL)
    with wave.open(str(tmp_path / "front-desk.wav")) as file:
        both = np.frombuffer(file.readframes(24000), "<i2").reshape(-1, 2)
    assert not both[:16000, 0].any()
    assert both[16000:, 0].any()
    assert both[:8000, 1].any()
    picture = (tmp_path / "front-desk.svg").read_text()
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert "handed over to mailbox" in picture


async def test_a_hand_over_of_an_earlier_call_is_not_in_the_picture(
    stage: Stage, tmp_path: Path
) -> None:
    await stage.after_a_call()
    stage.evidence.begin("answered", Ears(""), ())
    await stage.evidence.end("agent-dead", CALL)
    assert "handed over" not in (tmp_path / "agent-dead.svg").read_text()


async def test_the_last_words_sum_the_answer_times_up(stage: Stage, tmp_path: Path) -> None:
    stage.evidence.begin("answered", Ears(""), ())
    for wait in (0.9, 0.7, 0.8):
        stage.evidence.tell(Mark("wait", 1.0, 1.0 + wait, f"{1000 * wait:.0f} ms"))
    await stage.evidence.end("front-desk", CALL)
    stage.evidence.sum_up(42.3)
    assert "3 answers to speech, 700 to 900 ms (median 800)" in stage.told()
    assert "front-desk.wav" in stage.told().replace(" ", "")
    assert "all in 42 s" in stage.told()
