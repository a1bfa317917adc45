"""An installation as `attendant init` writes it, and the command run in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ari_app.cli.main import app

Attendant = Callable[..., Result]


@pytest.fixture
def attendant(monkeypatch: pytest.MonkeyPatch) -> Attendant:
    """attendant("init", folder): an error of ours is left as the exception of the result."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ATTENDANT_CONFIG", raising=False)
    monkeypatch.delenv("ATTENDANT_ARI_PASSWORD", raising=False)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


@pytest.fixture
def installation(tmp_path: Path, attendant: Attendant) -> Path:
    """The folder that `attendant init` has written."""
    folder = tmp_path / "installation"
    assert attendant("init", folder).exit_code == 0
    return folder
