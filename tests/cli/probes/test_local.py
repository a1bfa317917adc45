"""What is tried without a PBX."""

import sys
from pathlib import Path

import pytest

from ari_app.cli.probes import local
from ari_app.config import Settings, load
from ari_app.errors import AgentError, ConfigError
from ari_app.media.values import Audio
from ari_app.ports import Recognised

FLITE = (
    '#!/bin/sh\n[ "$1" = -lv ] && echo "Voices available: slt" && exit\nexec {python} -c "{code}"'
)
WRITES = (
    "import sys,wave,math,struct;"
    "w=wave.open(sys.argv[-1],'wb');w.setnchannels(1);w.setsampwidth(2);w.setframerate(16000);"
    "w.writeframes(b''.join(struct.pack('<h',int(9000*math.sin(i/5))) for i in range(8000)))"
)


def settings(folder: Path, **speech: object) -> Settings:
    return Settings.model_validate(
        {
            "pbx": [{"url": "http://127.0.0.1:8088"}],
            "speech": {"programs": [folder], **speech},
            "profiles": {"desk": {"flow": folder / "desk.yaml"}},
        }
    )


@pytest.fixture
def flite(tmp_path: Path) -> Path:
    """A folder with a program that speaks as flite does."""
    program = tmp_path / "flite"
    program.write_text(FLITE.format(python=sys.executable, code=WRITES) + ' "$@"\n')
    program.chmod(0o755)
    return tmp_path


async def test_the_voice_speaks_and_says_how_long_it_took(flite: Path) -> None:
    finding, word = await local.voice(settings(flite))
    assert finding.state == "ok", finding
    assert word is not None
    assert word.seconds > 0.1
    assert "speaking_ms" in finding.facts


async def test_no_program_is_told_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding, word = await local.voice(settings(tmp_path))
    assert (finding.state, word) == ("failed", None)
    assert "apt install flite" in finding.advice


async def test_an_unknown_voice_is_told(flite: Path) -> None:
    finding, _ = await local.voice(settings(flite, voice="nobody"))
    assert finding.state == "failed"
    assert "nobody" in finding.found
    assert "speech.voice" in finding.advice


class FakeRecogniser:
    def __init__(self, hears: str | AgentError) -> None:
        self._hears = hears
        self.closed = False

    async def recognise(self, audio: Audio, phrases: tuple[str, ...]) -> Recognised:
        if isinstance(self._hears, AgentError):
            raise self._hears
        return Recognised(self._hears, 0.9)

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("hears", "state"),
    [("yes", "ok"), ("no", "warning"), ("", "warning"), (AgentError("its process died"), "failed")],
)
async def test_the_recogniser_must_understand_the_voice(
    flite: Path, monkeypatch: pytest.MonkeyPatch, hears: str | AgentError, state: str
) -> None:
    _, word = await local.voice(settings(flite))
    made = FakeRecogniser(hears)
    monkeypatch.setattr(local, "recogniser_of", lambda _: made)
    finding = await local.recogniser(settings(flite), word)
    assert finding.state == state
    assert made.closed
    assert finding.advice or state == "ok"


async def test_without_the_extra_it_says_what_to_install(
    flite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Settings) -> None:
        raise ConfigError("pocketsphinx is not installed")

    _, word = await local.voice(settings(flite))
    monkeypatch.setattr(local, "recogniser_of", missing)
    finding = await local.recogniser(settings(flite), word)
    assert finding.state == "failed"
    assert "pocketsphinx is not installed" in finding.found
    assert "speech.recognisers to 0" in finding.advice


async def test_without_a_voice_or_a_wish_nothing_is_recognised(flite: Path) -> None:
    assert (await local.recogniser(settings(flite), None)).state == "skipped"
    _, word = await local.voice(settings(flite))
    assert (await local.recogniser(settings(flite, recognisers=0), word)).state == "ok"


def test_every_fault_of_a_flow_is_told(tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text("steps:\n  a: {sai: x}\n  b: {say: 1, next: c}\n")
    finding = next(local.flows(settings(tmp_path)))
    assert (finding.probe, finding.state) == ("flow desk", "failed")
    assert "desk.yaml:2" in finding.found
    assert "desk.yaml:3" in finding.found


def test_words_that_cannot_be_recognised_are_told(installation: Path) -> None:
    flow = installation / "front-desk.yaml"
    flow.write_text(flow.read_text().replace("[opening hours,", "[flurblewitz hours,"))
    loaded = load(installation / "attendant.yaml")
    finding = next(local.flows(loaded))
    assert finding.state == "failed"
    assert "'flurblewitz' in 'flurblewitz hours'" in finding.found
    keys_only = loaded.model_copy(
        update={"speech": loaded.speech.model_copy(update={"recognisers": 0})}
    )
    assert next(local.flows(keys_only)).state == "ok"
