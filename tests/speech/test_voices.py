import asyncio
import os
import time
from pathlib import Path

import numpy as np
import pytest

from ari_app.errors import AgentError, ConfigError
from ari_app.speech.cache import SpeechCache
from ari_app.speech.level import active_level
from ari_app.speech.voices import ProgramVoice, find_voice, readable
from tests.support.telephone_speech import SANDBOX

LIST_VOICES = """\
#!/bin/sh
if [ "$1" = -lv ]; then echo 'Voices available: slt rms'; exit; fi
"""


def program(folder: Path, script: str) -> Path:
    """A flite that does what the script says."""
    path = folder / "flite"
    path.write_text(LIST_VOICES + script)
    path.chmod(0o755)
    return path


def speaking_by(folder: Path, script: str, seconds: float = 10) -> ProgramVoice:
    return find_voice("flite", program=program(folder, script), seconds=seconds)


async def test_a_sentence_is_telephone_speech_of_sensible_length_and_level(
    flite: ProgramVoice,
) -> None:
    pieces = [
        piece async for piece in flite.speak("Welcome to Example Limited. How can I help you?")
    ]
    assert [piece.rate for piece in pieces] == [8000]
    assert 1.8 < pieces[0].seconds < 4
    assert active_level(pieces[0].samples) == pytest.approx(-20, abs=1.5)
    assert np.abs(pieces[0].samples.astype(int)).max() < 32000


@pytest.mark.parametrize(
    "text",
    ["-h", "--help", "/etc/passwd", 'She said "stop" and \'go\'', "One.\nTwo.\r\n\0Three.",
     "Grüße aus Zürich – “café” costs 5 €", "$(reboot) `id` ; ls", "hi"],
)  # fmt: skip
async def test_any_text_is_spoken_as_text(flite: ProgramVoice, text: str) -> None:
    assert len(await flite.say(text)) > 1600


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!", "日本"])
async def test_a_text_without_words_is_no_audio(flite: ProgramVoice, text: str) -> None:
    assert [piece async for piece in flite.speak(text)] == []


async def test_the_text_is_never_in_argv(tmp_path: Path) -> None:
    seen = tmp_path / "argv"
    voice = speaking_by(tmp_path, f'echo "$@" > {seen}; cat > {tmp_path}/stdin; exit 1')
    with pytest.raises(AgentError) as raised:
        await voice.say("Mister Secret owes money")
    assert "Secret" in (tmp_path / "stdin").read_text()
    assert "Secret" not in seen.read_text() + str(raised.value)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("exit 3", "exit status 3"),
        ("exit 0", "no readable WAV"),
        (": > $6", "no readable WAV"),
        ("echo rubbish > $6", "no readable WAV"),
        ("sleep 60", "more than 0.3 s"),
    ],
)
async def test_a_failing_program_is_an_agent_error_that_says_how(
    tmp_path: Path, script: str, complaint: str
) -> None:
    voice = speaking_by(tmp_path, f"cat > /dev/null; {script}", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(AgentError, match=complaint):
        await voice.say("Hello")
    assert time.monotonic() - began < 3


async def test_a_program_that_vanishes_says_what_to_install(tmp_path: Path) -> None:
    voice = speaking_by(tmp_path, "exit 0")
    os.unlink(tmp_path / "flite")
    with pytest.raises(AgentError, match="apt install flite"):
        await voice.say("Hello")


async def test_a_voice_that_the_engine_does_not_have_is_refused(flite: ProgramVoice) -> None:
    del flite
    with pytest.raises(AgentError, match=r"'nobody': expected .*slt"):
        await find_voice("flite", "nobody", folders=[SANDBOX / "bin"]).say("Hello")


async def test_flite_refuses_a_language_it_would_mangle(flite: ProgramVoice) -> None:
    with pytest.raises(AgentError, match="does not speak 'de'"):
        await flite.say("Guten Tag", "de")
    assert len(await flite.say("Good day", "en-GB"))


async def test_prefetched_texts_need_no_program_after_a_restart(
    flite: ProgramVoice, tmp_path: Path
) -> None:
    await flite.prefetch(["Good day.", "Good bye.", "Good day."])
    voice = find_voice(
        "flite", program=program(tmp_path, "exit 1"), cache=SpeechCache(tmp_path / "spoken")
    )
    assert len(await voice.say("Good day."))
    with pytest.raises(AgentError):
        await voice.say("Something else.")


async def test_different_voices_differ_and_do_not_share_their_cache(
    flite: ProgramVoice, tmp_path: Path
) -> None:
    cache, folders = SpeechCache(tmp_path / "spoken"), [SANDBOX / "bin"]
    rms = find_voice("flite", "rms", folders=folders, cache=cache)
    theirs, ours = await asyncio.gather(flite.say("Hello", keep=True), rms.say("Hello", keep=True))
    assert not np.array_equal(theirs, ours)
    assert np.array_equal(ours, await rms.say("Hello"))


def test_nothing_installed_is_a_config_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"flite or espeak-ng not found.*apt install flite"):
        find_voice()
    with pytest.raises(ConfigError, match=r"espeak-ng not found.*apt install espeak-ng"):
        find_voice("espeak-ng")


def test_the_best_engine_found_is_taken_and_folders_come_before_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "espeak-ng").symlink_to("/bin/true")
    assert str(tmp_path / "espeak-ng") in repr(find_voice(folders=[tmp_path]))
    program(tmp_path, "exit 0")
    assert str(tmp_path / "flite") in repr(find_voice(folders=[tmp_path / "none", tmp_path]))


@pytest.mark.parametrize("name", ["-h", "../x.flitevox", "http://x/y", ""])
def test_a_voice_name_can_never_be_an_option_a_file_or_an_address(name: str) -> None:
    if name:
        with pytest.raises(ConfigError, match=r"speech\.voice"):
            find_voice("flite", name)
    with pytest.raises(ConfigError, match=r"speech\.engine.*flite, espeak-ng"):
        find_voice("sam", name)


def test_text_becomes_one_line_that_the_engine_can_read() -> None:
    assert readable("Zoë’s\tcafé\n\x07“open”", ascii_only=True) == 'Zoe\'s cafe "open"'
    assert readable("Zoë\u200b’s\ncafé", ascii_only=False) == "Zoë ’s café"
