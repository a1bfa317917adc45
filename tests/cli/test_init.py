"""What `attendant init` writes can be used as it is."""

import re
import stat
from pathlib import Path

import pytest

from ari_app.agents.flow.load import load_flow
from ari_app.config import Secrets, load
from ari_app.errors import ConfigError
from tests.cli.conftest import Attendant


def test_the_settings_and_the_flow_written_are_in_order(installation: Path) -> None:
    settings = load(installation / "attendant.yaml")
    flow = load_flow(
        settings.profiles["front-desk"].flow, destinations=frozenset(settings.destinations)
    )
    assert flow.steps
    assert settings.pbx[0].url == "http://127.0.0.1:8088"


def test_both_sides_share_a_password_that_nobody_knew(installation: Path, tmp_path: Path) -> None:
    secrets = Secrets({}, load(installation / "attendant.yaml").secrets_file)
    password = secrets.get("ATTENDANT_ARI_PASSWORD").get_secret_value()
    assert len(password) >= 24
    assert password in (installation / "asterisk/ari.conf").read_text()
    assert password not in (installation / "attendant.yaml").read_text()


def test_only_the_owner_reads_what_holds_a_password(installation: Path) -> None:
    for name in ("secrets.env", "asterisk/ari.conf"):
        assert stat.S_IMODE((installation / name).stat().st_mode) == 0o600, name


def test_two_installations_have_two_passwords(tmp_path: Path, attendant: Attendant) -> None:
    for name in ("one", "two"):
        assert attendant("init", tmp_path / name).exit_code == 0
    assert (tmp_path / "one/secrets.env").read_text() != (tmp_path / "two/secrets.env").read_text()


def test_the_pbxs_side_is_complete_and_filled_in(installation: Path) -> None:
    written = {path.relative_to(installation).as_posix() for path in installation.rglob("*.*")}
    fragments = {"ari", "http", "modules", "dialplan/attendant", "dialplan/routing"}
    fragments |= {"dialplan/agent", "dialplan/transfer", "dialplan/fallback", "dialplan/check"}
    assert {f"asterisk/{name}.conf" for name in fragments} <= written
    for path in installation.rglob("*.conf"):
        assert not re.search(r"@[A-Z_]+@", path.read_text()), path


def test_numbers_and_places_go_where_they_belong(tmp_path: Path, attendant: Attendant) -> None:
    folder = tmp_path / "mine"
    done = attendant(
        *("init", folder, "--agent-extension", "555", "--mailbox", "42@office"),
        *("--person", "PJSIP/alice", "--queue", "help", "--http-port", "8099"),
    )
    assert done.exit_code == 0
    dialplan = "".join(path.read_text() for path in (folder / "asterisk/dialplan").iterdir())
    for expected in ("exten => 555,1", "VoiceMail(42@office", "Dial(PJSIP/alice", "Queue(help"):
        assert expected in dialplan
    assert load(folder / "attendant.yaml").pbx[0].url.endswith(":8099")


def test_it_says_what_to_do_next(tmp_path: Path, attendant: Attendant) -> None:
    told = attendant("init", tmp_path / "x").output
    for expected in ("#include attendant/ari.conf", "include => attendant-routing", "check -c"):
        assert expected in told


@pytest.mark.parametrize("there", ["attendant.yaml", "secrets.env", "front-desk.yaml", "asterisk"])
def test_nothing_is_overwritten_and_then_nothing_is_written(
    tmp_path: Path, attendant: Attendant, there: str
) -> None:
    (tmp_path / there).write_text("mine")
    refused = attendant("init", tmp_path)
    assert isinstance(refused.exception, ConfigError)
    assert there in str(refused.exception)
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--agent-extension", "112"), ("--mailbox", "1000"), ("--person", "PJSIP/x\nexten => 1")],
)
def test_values_that_would_do_harm_are_refused(
    tmp_path: Path, attendant: Attendant, option: str, value: str
) -> None:
    refused = attendant("init", tmp_path / "x", option, value)
    assert isinstance(refused.exception, ConfigError)
    assert not (tmp_path / "x").exists()


def test_pooled_lines_share_a_password_of_their_own(tmp_path: Path, attendant: Attendant) -> None:
    folder = tmp_path / "pooled"
    said = attendant("init", str(folder), "--line", "pooled").stdout
    assert "attendant/ari_pooled.conf" in said
    assert load(folder / "attendant.yaml").pbx[0].line == "pooled"
    secrets = dict(line.split("=", 1) for line in (folder / "secrets.env").read_text().splitlines())
    password = secrets["ATTENDANT_POOL_PASSWORD"]
    assert password != secrets["ATTENDANT_ARI_PASSWORD"]
    assert password in (folder / "asterisk" / "websocket_client.conf").read_text()
