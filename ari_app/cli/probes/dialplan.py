"""Is our dialplan in the PBX's, and whatever else the settings name in it?"""

from ari_app.cli.probes import Finding
from ari_app.cli.probes.trial import Trial
from ari_app.config import DialplanPlace, Pbx, Settings

OURS = {
    "the way to the agent": DialplanPlace(context="attendant-agent", extension="s"),
    "the dead-man switch": DialplanPlace(context="attendant-agent", extension="T"),
    "the transfers": DialplanPlace(context="attendant-transfer", extension="mailbox"),
    "the echo of this check": DialplanPlace(context="attendant-check", extension="echo"),
}
"What every installation has."


async def dialplan(trial: Trial, settings: Settings, pbx: Pbx) -> Finding:
    """Ask for each place. The trial's media must be open. Raises AsteriskError."""
    ours = {**OURS, "the fallback": pbx.fallback}
    named = {f"destinations.{name}": place for name, place in settings.destinations.items()}
    missing = {what: place for what, place in (ours | named).items() if not await trial.has(place)}
    if not missing:
        found = f"our contexts are there, and the {len(named)} destinations"
        return Finding("dialplan", "ok", found, "", pbx.name)
    found = "not there: " + ", ".join(
        f"{place.context},{place.extension},{place.priority} ({what})"
        for what, place in missing.items()
    )
    facts = {"missing": " ".join(f"{one.context},{one.extension}" for one in missing.values())}
    return Finding("dialplan", "failed", found, _advice(missing, ours), pbx.name, facts)


def _advice(missing: dict[str, DialplanPlace], ours: dict[str, DialplanPlace]) -> str:
    if missing.keys() & ours.keys():
        return (
            "Our dialplan is not included, or only in part: add #include "
            "attendant/dialplan/attendant.conf to extensions.conf (FreePBX: "
            "extensions_custom.conf), then on Asterisk's console: dialplan reload"
        )
    return "Mend these destinations in the settings, or add the extensions to the dialplan."
