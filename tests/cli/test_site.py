"""A worker's settings for a private PBX, without starting either."""

from pathlib import Path

import pytest

from ari_app.agents.flow.load import load_flow
from ari_app.cli.site import Site
from ari_app.config import load
from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox


@pytest.fixture
def site(tmp_path: Path) -> Site:
    settings = SandboxSettings(http_port=9999, app="demo", prefix=str(tmp_path / "prefix"))
    return Site(tmp_path / "site", Sandbox(tmp_path / "pbx", settings))


def test_the_settings_fit_the_pbx(site: Site, tmp_path: Path) -> None:
    site.configure()
    settings = load(site.config)
    assert settings.pbx[0].url == "http://127.0.0.1:9999"
    assert settings.app == "demo"
    assert settings.speech.programs == [tmp_path / "prefix/bin"]
    flow = load_flow(settings.profiles["front-desk"].flow, frozenset(settings.destinations))
    assert flow.steps


def test_whole_sections_can_be_changed(site: Site) -> None:
    site.configure({"drain": 7, "board": {"rows": 2}})
    settings = load(site.config)
    assert (settings.drain, settings.board.rows) == (7, 2)
    assert settings.app == "demo"


def test_no_secret_is_in_its_settings(site: Site) -> None:
    site.configure()
    assert "password" not in site.config.read_text().replace("password_env", "")


def test_the_journal_is_read_line_by_line(site: Site) -> None:
    assert list(site.journal()) == []
    site.configure()
    (site.folder / "journal.jsonl").write_text('{"call": "a"}\n{"call": "b"}\n')
    assert [entry["call"] for entry in site.journal()] == ["a", "b"]


def test_what_does_not_run_can_be_stopped(site: Site) -> None:
    assert site.pid is None
    assert site.stop() == 0
    site.kill()
