"""What is tried with one PBX, in order, and what is skipped when something fails."""

import pytest

from ari_app.cli.probes import Finding, pbx
from ari_app.config import Secrets, Settings
from tests.cli.probes.conftest import FakePbx

SECRETS = Secrets({"ATTENDANT_ARI_PASSWORD": "not-a-real-password"})


class Transport(FakePbx):
    """The fake PBX where an HttpTransport is made."""

    async def close(self) -> None: ...


@pytest.fixture
def healthy(fake_pbx: FakePbx, monkeypatch: pytest.MonkeyPatch) -> FakePbx:
    made = Transport(fake_pbx.echo, fake_pbx.address)
    monkeypatch.setattr(pbx, "HttpTransport", lambda *_, **__: made)
    monkeypatch.setattr("ari_app.cli.probes.audio.BEEP_SECONDS", 0.04)
    monkeypatch.setattr("ari_app.cli.probes.audio.PAUSE_SECONDS", 0.02)
    return made


async def examined(secrets: Secrets = SECRETS, **board: object) -> list[Finding]:
    settings = Settings.model_validate(
        {
            "pbx": [{"url": "http://127.0.0.1:8088", "name": "office"}],
            "profiles": {"desk": {"flow": "desk.yaml"}},
            "board": board,
        }
    )
    return [finding async for finding in pbx.examine(settings, settings.pbx[0], secrets)]


async def states(**board: object) -> dict[str, str]:
    return {finding.probe: finding.state for finding in await examined(**board)}


ALL = ("ari", "modules", "worker", "dialplan", "audio")


async def test_a_healthy_pbx(healthy: FakePbx) -> None:
    found = await examined()
    assert [(one.probe, one.state) for one in found] == [(probe, "ok") for probe in ALL], found
    assert {one.pbx for one in found} == {"office"}
    assert not healthy.channels


async def test_without_ari_nothing_else_is_tried(healthy: FakePbx) -> None:
    healthy.refusal = (401, b"{}")
    assert await states() == {"ari": "failed"} | dict.fromkeys(ALL[1:], "skipped")


async def test_without_the_modules_no_call_is_tried(healthy: FakePbx) -> None:
    healthy.modules.discard("chan_rtp.so")
    found = await states()
    assert (found["modules"], found["dialplan"], found["audio"]) == ("failed", "skipped", "skipped")
    assert not any(path.endswith("externalMedia") for _, path, _ in healthy.asked)


async def test_no_password_at_all(healthy: FakePbx) -> None:
    found = await examined(Secrets({}))
    assert [(one.probe, one.state) for one in found] == [("password", "failed")]
    assert "ATTENDANT_ARI_PASSWORD" in found[0].found


async def test_an_address_that_is_not_ours(healthy: FakePbx) -> None:
    audio = (await examined(bind="192.0.2.1"))[-1]
    assert (audio.probe, audio.state) == ("audio", "failed")
    assert "board.bind" in audio.advice


async def test_the_workers_own_port_is_left_to_it(healthy: FakePbx) -> None:
    port = healthy.address[1]  # somebody else has it
    assert (await states(port=port))["audio"] == "ok"


async def test_what_could_not_be_deleted_is_a_failure(
    healthy: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ari_app.cli.probes.trial.CLEARING", 0.1)
    healthy.undying = True
    left = (await examined())[-1]
    assert (left.probe, left.state) == ("clearing up", "failed")
    assert "channel request hangup" in left.advice
