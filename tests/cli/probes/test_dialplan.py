"""Whether what the settings name is in the dialplan."""

from ari_app.ari.generated.operations import Operations
from ari_app.cli.probes import Finding
from ari_app.cli.probes.dialplan import dialplan
from ari_app.cli.probes.trial import trial
from ari_app.config import DialplanPlace, Pbx, Settings
from tests.cli.probes.conftest import FakePbx


async def found(ari: Operations, entry: Pbx) -> Finding:
    settings = Settings.model_validate(
        {
            "pbx": [{"url": entry.url}],
            "profiles": {"desk": {"flow": "desk.yaml"}},
            "destinations": {"sales": DialplanPlace(context="sales-team", extension="1")},
        }
    )
    async with trial(ari) as made:
        await made.open_media(("127.0.0.1", 40000), "ulaw")
        return await dialplan(made, settings, entry)


async def test_all_is_there(ari: Operations, entry: Pbx) -> None:
    assert (await found(ari, entry)).state == "ok"


async def test_our_dialplan_is_not_included(ari: Operations, entry: Pbx, fake_pbx: FakePbx) -> None:
    fake_pbx.absent = {"attendant-agent", "attendant-fallback", "attendant-transfer"}
    finding = await found(ari, entry)
    assert finding.state == "failed"
    assert "attendant-agent,s,1 (the way to the agent)" in finding.found
    assert "attendant-fallback,s,1 (the fallback)" in finding.found
    assert "#include attendant/dialplan/attendant.conf" in finding.advice


async def test_a_destination_leads_nowhere(ari: Operations, entry: Pbx, fake_pbx: FakePbx) -> None:
    fake_pbx.absent = {"sales-team"}
    finding = await found(ari, entry)
    assert "destinations.sales" in finding.found
    assert "#include" not in finding.advice
