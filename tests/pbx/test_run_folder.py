"""What is written into the folder of a private PBX, without starting one."""

import json
import re
import stat
import wave
from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.pbx import SandboxError
from ari_app.pbx.installation import Installation
from ari_app.pbx.run_folder import (
    SandboxSettings,
    read_settings,
    secret_file,
    write_run_folder,
    write_tone,
)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    (tmp_path / "share/sounds/en_US_f_Allison").mkdir(parents=True)
    program, modules = tmp_path / "asterisk", tmp_path / "modules"
    return Installation(program, "22.10.1", tmp_path / "share", modules)


def test_everything_is_written_private_and_filled_in(
    tmp_path: Path, installation: Installation
) -> None:
    run_dir = tmp_path / "run"
    settings = SandboxSettings(sip_port=15060, workers=2, prefix="relative")
    write_run_folder(run_dir, settings, installation, "attendant")
    etc = run_dir / "etc"
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert "bind = 127.0.0.1:15060" in (etc / "pjsip.conf").read_text()
    assert f"astmoddir => {installation.modules}" in (etc / "asterisk.conf").read_text()
    assert "RAND(1,2)" in (etc / "attendant/dialplan/agent.conf").read_text()
    password = secret_file(run_dir, "ari").read_text()
    assert f"password = {password}" in (etc / "attendant/ari.conf").read_text()
    assert (run_dir / "data/sounds/en").readlink().name == "en_US_f_Allison"
    again = read_settings(run_dir)
    assert again is not None
    assert Path(again.prefix).is_absolute()


def test_a_pooled_pbx_dials_the_workers_with_a_password_of_its_own(
    tmp_path: Path, installation: Installation
) -> None:
    run_dir, uri = tmp_path / "run", "ws://127.0.0.1:8765/ari"
    settings = SandboxSettings(line="pooled", pooled_uri=uri)
    write_run_folder(run_dir, settings, installation, "attendant")
    client = (run_dir / "etc/attendant/websocket_client.conf").read_text()
    password = secret_file(run_dir, "pooled").read_text()
    assert f"\npassword = {password}\n" in client
    assert f"\nuri = {uri}\n" in client
    assert password != secret_file(run_dir, "ari").read_text()
    assert "#include attendant/ari_pooled.conf" in (run_dir / "etc/ari.conf").read_text()
    assert (
        "ATTENDANT_APPS=attendant)" in (run_dir / "etc/attendant/dialplan/agent.conf").read_text()
    )


def test_a_shared_pbx_dials_nobody(tmp_path: Path, installation: Installation) -> None:
    write_run_folder(tmp_path / "run", SandboxSettings(), installation, "attendant")
    for name in ("ari.conf", "websocket_client.conf"):
        assert "pool" not in (tmp_path / "run/etc" / name).read_text()


@pytest.mark.parametrize("line", ["shared", "pooled"])
def test_every_include_is_there(tmp_path: Path, installation: Installation, line: str) -> None:
    write_run_folder(tmp_path / "run", SandboxSettings(line=line), installation, "attendant")
    etc = tmp_path / "run/etc"
    included = [
        name
        for path in etc.rglob("*.conf")
        for name in re.findall(r"^#include (\S+)", path.read_text(), re.MULTILINE)
    ]
    assert len(included) >= 9
    assert [name for name in included if not (etc / name).is_file()] == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"sip_port": 0}, "sip_port: 0 "),
        ({"http_port": 70000}, "http_port: 70000 "),
        ({"rtp_start": 12000, "rtp_end": 12001}, "rtp_end: 12001 "),
    ],
)
def test_impossible_ports_are_refused(changed: dict[str, int], told: str) -> None:
    with pytest.raises(ConfigError, match=f"^{told}"):
        SandboxSettings(**changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["{", json.dumps({"colour": "blue"})])
def test_settings_of_another_version_are_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox.json").write_text(text)
    with pytest.raises(SandboxError, match=r"sandbox\.json: not as this version writes it"):
        read_settings(tmp_path)


def test_music_on_hold_is_a_tone(tmp_path: Path) -> None:
    write_tone(tmp_path / "tone.wav", seconds=1.0, frequency=1000.0)
    with wave.open(str(tmp_path / "tone.wav")) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (8000, 8000, 1)
        samples = memoryview(file.readframes(8)).cast("h").tolist()
    assert samples[:5] == [0, 5656, 8000, 5656, 0]
