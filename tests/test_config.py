"""Settings: what is accepted, and how what is not is told."""

from pathlib import Path

import pytest

from ari_app.config import Secrets, load
from ari_app.errors import ConfigError

GOOD = """\
pbx:
  - url: http://127.0.0.1:8088
profiles:
  desk:
    flow: desk.yaml
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "attendant.yaml"
    path.write_text(text)
    return path


def test_a_small_file_is_enough_and_paths_count_from_it(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD))
    assert settings.profiles["desk"].flow == tmp_path / "desk.yaml"
    assert settings.pbx[0].name == "main"
    assert settings.profile_for("700") == "desk"


def test_everything_listens_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD)).board.bind.is_loopback


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD + "bord: {}\n", ":6: bord is no setting; known here are app, worker, pbx"),
        (GOOD.replace("flow:", "flw:"), ":5: profiles.desk.flw is no setting; known here are ag"),
        (GOOD.replace("    flow: desk.yaml", "    {}"), ":4: profiles.desk.flow is missing"),
        (GOOD + "board: {rows: many}\n", ":6: board.rows is 'many'; it should be a valid integer"),
        (GOOD + "routing: {'700': front}\n", "routing.700 is 'front'; it should be one of the pro"),
        (GOOD + "app: attendant\napp: other\n", ":7: 'app' is here a second time; expected once"),
        (GOOD + "  - url: x\n", "is no YAML"),
        ("", "the file is None; it should"),
        (GOOD.replace("http://127", "http://me:secret@127"), "pbx.0.url"),
    ],
)
def test_a_fault_is_named_with_file_line_key_and_expectation(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, GOOD + "worker: 0\nboard: {port: 70000}\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load(tmp_path / "none.yaml")


def test_secrets_come_from_the_environment_first(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("# ours\nATTENDANT_ARI_PASSWORD=of-the-file\nOTHER=x\n")
    path.chmod(0o600)
    secrets = Secrets({"ATTENDANT_ARI_PASSWORD": "of-the-environment"}, path)
    assert secrets.get("ATTENDANT_ARI_PASSWORD").get_secret_value() == "of-the-environment"
    assert secrets.get("OTHER").get_secret_value() == "x"
    with pytest.raises(ConfigError, match="NONE is neither in the environment nor in"):
        secrets.get("NONE")


def test_a_secrets_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("A=b\n")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="has mode 0644; expected 0600"):
        Secrets({}, path)
