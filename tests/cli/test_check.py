"""`attendant check` as its user sees it. Its probes are tested in probes/."""

import json
from pathlib import Path
from typing import Any

import pytest

from ari_app.cli import check
from ari_app.cli.probes import Finding
from tests.cli.conftest import Attendant

PASSWORD = "a-password-nobody-may-see"


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the probes find, to be filled by the test."""
    found: list[Finding] = []

    async def collect(*_: object) -> list[Finding]:
        return found

    monkeypatch.setattr(check, "_collect", collect)
    return found


def test_all_is_well(installation: Path, attendant: Attendant, findings: list[Finding]) -> None:
    findings.append(Finding("voice", "ok", "flite speaks"))
    told = attendant("check", "-c", installation / "attendant.yaml")
    assert told.exit_code == 0
    assert "✓" in told.output
    assert "Ready to serve." in told.output


def test_a_failure_comes_with_advice_and_status_1(
    installation: Path, attendant: Attendant, findings: list[Finding]
) -> None:
    findings += [
        Finding("ari", "ok", "Asterisk 22", pbx="main"),
        Finding("audio", "failed", "one [way]", "Open the firewall.", pbx="main"),
    ]
    told = attendant("check", "-c", installation / "attendant.yaml")
    assert told.exit_code == 1
    for expected in ("✗", "main: audio", "one [way]", "→ Open the firewall.", "1 failed"):
        assert expected in told.output


def test_a_warning_is_no_failure(
    installation: Path, attendant: Attendant, findings: list[Finding]
) -> None:
    findings.append(Finding("ari", "warning", "Asterisk 18", "Upgrade."))
    told = attendant("check", "-c", installation / "attendant.yaml")
    assert told.exit_code == 0
    assert "1 to look at" in told.output


def test_the_settings_are_shown_as_they_count_without_secrets(
    installation: Path,
    attendant: Attendant,
    findings: list[Finding],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATTENDANT_ARI_PASSWORD", PASSWORD)
    told = attendant("check", "-c", installation / "attendant.yaml").output
    assert "caller_gone: 60.0" in told, "a default"
    assert "password: '********'" in told
    assert PASSWORD not in told
    assert (installation / "secrets.env").read_text().partition("=")[2].strip() not in told


def test_json_is_one_object(
    installation: Path, attendant: Attendant, findings: list[Finding]
) -> None:
    findings.append(Finding("audio", "failed", "no", "Do.", "main", {"round_trip_ms": None}))
    told = attendant("check", "--json", "-c", installation / "attendant.yaml")
    report: dict[str, Any] = json.loads(told.output)
    assert (told.exit_code, report["ok"]) == (1, False)
    assert report["findings"][0] == {
        "probe": "audio",
        "state": "failed",
        "found": "no",
        "advice": "Do.",
        "pbx": "main",
        "facts": {"round_trip_ms": None},
    }
    assert report["settings"]["pbx"][0]["password"] == "********"


@pytest.mark.parametrize("as_json", [False, True])
def test_faults_of_the_settings_are_all_told(
    tmp_path: Path, attendant: Attendant, as_json: bool
) -> None:
    config = tmp_path / "attendant.yaml"
    config.write_text("pbx: [{url: ftp://x}]\nprofils: {}\nprofiles: {a: {flow: b}}\n")
    told = attendant("check", "-c", config, *(["--json"] if as_json else []))
    assert told.exit_code == 1
    assert "pbx.0.url is 'ftp://x'" in told.output
    assert "profils is no setting" in told.output


def test_without_a_pbx_the_rest_is_tried_all_the_same(
    installation: Path, attendant: Attendant
) -> None:
    config = installation / "attendant.yaml"
    config.write_text(config.read_text().replace(":8088", ":9"))  # the discard port
    told = attendant("check", "--json", "-c", config)
    assert told.exit_code == 1
    found = {one["probe"]: one for one in json.loads(told.output)["findings"]}
    assert found["settings"]["state"] == found["flow front-desk"]["state"] == "ok"
    assert "is Asterisk running" in found["ari"]["advice"]
    assert found["audio"]["state"] == "skipped"
    for one in found.values():
        assert one["advice"] or one["state"] != "failed"
