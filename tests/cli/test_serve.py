"""`attendant serve` refuses what cannot work before it starts anything."""

import asyncio
from pathlib import Path

import pytest

from ari_app.board.board import MediaBoard
from ari_app.cli import serve
from ari_app.config import Secrets, Settings
from ari_app.errors import ConfigError
from tests.cli.conftest import Attendant


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The host has a voice; what is wrong is wrong with the settings."""

    async def started(board: MediaBoard) -> None:
        pytest.fail("the board was started")

    monkeypatch.setattr(MediaBoard, "start", started)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/flite").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        ("worker: one", "worker: 1", "worker is 'one'"),
        ("flow: nowhere.yaml", "flow: front-desk.yaml", "nowhere.yaml"),
        ("  sales: {", "  sail: {", "sales"),
        ("engine: festival", "engine: flite", "speech.engine is 'festival'"),
        ("secrets_file: nothing.env", "secrets_file: secrets.env", "nothing.env: cannot be read"),
    ],
)
def test_a_bad_setting_stops_it(
    installation: Path, attendant: Attendant, wrong: str, right: str, expected: str
) -> None:
    config = installation / "attendant.yaml"
    text = config.read_text()
    if wrong == "  sales: {":  # the flow hands over to somebody who is not there any more
        wrong, right = right, wrong
    assert right in text
    config.write_text(text.replace(right, wrong))
    refused = attendant("serve", "-c", config)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, ConfigError)
    assert expected in str(refused.exception)


def test_no_password_stops_it(installation: Path, attendant: Attendant) -> None:
    (installation / "secrets.env").write_text("")
    refused = attendant("serve", "-c", installation / "attendant.yaml")
    assert isinstance(refused.exception, ConfigError)
    assert "ATTENDANT_ARI_PASSWORD" in str(refused.exception)


def test_a_secrets_file_that_others_can_read_stops_it(
    installation: Path, attendant: Attendant
) -> None:
    (installation / "secrets.env").chmod(0o644)
    refused = attendant("serve", "-c", installation / "attendant.yaml")
    assert "expected 0600" in str(refused.exception)


def test_it_can_be_another_worker_than_the_settings_say(
    installation: Path, attendant: Attendant, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Seen:
        def __init__(self, settings: Settings, secrets: Secrets) -> None:
            self.worker = settings.worker

        async def run(self, stop: asyncio.Event) -> None:
            served.append(self.worker)

    served: list[int] = []
    monkeypatch.setattr(serve, "App", Seen)
    config = installation / "attendant.yaml"
    assert attendant("serve", "-c", config).exit_code == 0
    assert attendant("serve", "-c", config, "--worker", "7").exit_code == 0
    assert served == [1, 7]
    assert attendant("serve", "-c", config, "--worker", "0").exit_code == 2
