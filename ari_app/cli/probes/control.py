"""The control of a PBX: does ARI answer, and is it an Asterisk that we can serve?"""

import re

from ari_app.ari.generated.operations import Operations
from ari_app.cli.probes import Finding, State
from ari_app.config import Pbx
from ari_app.errors import AsteriskError, OutcomeUnknown

OLDEST = 18
"The first Asterisk with all that we ask of it."
ADVISED = 20
"The oldest one that we are tested with."

ESSENTIAL = {
    "app_stasis.so": "sends calls to us",
    "bridge_simple.so": "joins caller and media",
    "chan_rtp.so": "media over RTP",
    "func_dialplan.so": "the dialplan's transfers",
    "func_timeout.so": "the dead-man switch",
    "res_ari_applications.so": "ARI",
    "res_ari_bridges.so": "ARI",
    "res_ari_channels.so": "ARI",
    "res_ari_events.so": "ARI",
    "res_http_websocket.so": "ARI's events",
    "res_rtp_asterisk.so": "RTP",
    "res_stasis.so": "ARI",
    "res_stasis_answer.so": "ARI: answering",
}
"Modules without which no call can be served, and what each is for."
CODECS = {"ulaw": ("codec_ulaw.so",), "alaw": ("codec_alaw.so",), "slin": ()}
"What the codec of the media needs."
USEFUL = {
    "app_echo.so": "the echo of this check",
    "app_dial.so": "transfers to a person",
    "app_queue.so": "transfers to a queue",
    "app_voicemail.so": "the mailbox of the fallback",
    "func_channel.so": "the dialplan's questions",
    "func_logic.so": "the dialplan's questions",
    "func_rand.so": "the choice between several workers",
}
"Modules that the dialplan uses, and what is lost without."


async def reach(ari: Operations, pbx: Pbx) -> Finding:
    """Does ARI answer us, and which Asterisk is it?"""
    try:
        info = await ari.asterisk.getInfo(only="system")
    except AsteriskError as error:
        return refused("ari", pbx, error)
    version = info.system.version if info.system else ""
    return _version(pbx, version)


def _version(pbx: Pbx, version: str) -> Finding:
    found = f"Asterisk {version.partition('+')[0] or '(no version told)'} at {pbx.url}"
    facts = {"version": version}
    number = re.match(r"(?:certified[/-])?(\d+)\.", version)
    if number is None:
        advice = f"Asterisk {OLDEST} or newer is needed: make sure that it is one."
        return Finding("ari", "warning", found, advice, pbx.name, facts)
    if int(number[1]) < OLDEST:
        advice = f"Upgrade Asterisk to {OLDEST} or newer; {ADVISED} or newer is advised."
        return Finding("ari", "failed", found, advice, pbx.name, facts)
    if int(number[1]) < ADVISED:
        advice = f"It will do; {ADVISED} or newer is what we are tested with."
        return Finding("ari", "warning", found, advice, pbx.name, facts)
    return Finding("ari", "ok", found, "", pbx.name, facts)


async def modules(ari: Operations, pbx: Pbx) -> tuple[Finding, frozenset[str]]:
    """Are all modules loaded that we need? And the names of those that run."""
    try:
        listed = await ari.asterisk.listModules()
    except AsteriskError as error:
        return refused("modules", pbx, error), frozenset()
    running = frozenset(module.name for module in listed if module.status == "Running")
    needed = ESSENTIAL | dict.fromkeys(CODECS[pbx.media.codec], f"codec {pbx.media.codec}")
    missing = {name: why for name, why in needed.items() if name not in running}
    useful = {name: why for name, why in USEFUL.items() if not _runs(name, running)}
    if not missing and not useful:
        return Finding("modules", "ok", "all that we need are loaded", "", pbx.name), running
    lost = missing | useful
    found = "not running: " + ", ".join(f"{name} ({why})" for name, why in lost.items())
    advice = (
        f"On Asterisk's console: {_loading(lost)}. For good: #include attendant/modules.conf in "
        "modules.conf, or take them out of its noload lines."
    )
    facts = {"missing": " ".join(lost)}
    state: State = "failed" if missing else "warning"
    return Finding("modules", state, found, advice, pbx.name, facts), running


def _runs(module: str, running: frozenset[str]) -> bool:
    """Voicemail has builds by storage: app_voicemail_imap.so, app_voicemail_odbc.so."""
    stem = module.removesuffix(".so")
    return any(name == module or name.startswith(f"{stem}_") for name in running)


def _loading(names: dict[str, str]) -> str:
    return ", ".join(f"module load {name}" for name in names)


async def worker(ari: Operations, pbx: Pbx, app: str) -> Finding:
    """Does a worker serve our application already?"""
    try:
        served = {one.name for one in await ari.applications.list()}
    except AsteriskError as error:
        return refused("worker", pbx, error)
    if app in served:
        found = f"one serves {app}; a second with the same app and worker would take its calls"
        return Finding("worker", "ok", found, "", pbx.name, {"serving": True})
    found = f"none serves {app} yet: callers get the fallback"
    advice = "Start it: attendant serve"
    return Finding("worker", "ok", found, advice, pbx.name, {"serving": False})


def refused(probe: str, pbx: Pbx, error: AsteriskError) -> Finding:
    """The PBX did not do it: why, and what helps."""
    unreached = re.match(r"not reached: .*\[(.*)\]", error.reason)
    reason = f"not reached: {unreached[1]}" if unreached else error.reason
    return Finding(probe, "failed", f"{pbx.url}: {reason}", _advice(pbx, error), pbx.name)


def _advice(pbx: Pbx, error: AsteriskError) -> str:
    if isinstance(error, OutcomeUnknown) and error.status == 0:
        return (
            "No answer in time: a firewall that drops, a wrong address, or an Asterisk that hangs. "
            f"Try: curl -u {pbx.user} {pbx.url}/ari/asterisk/ping"
        )
    otherwise = "Asterisk's log says why (on its console: core set verbose 5)."
    return ADVICE.get(error.status, otherwise).format(pbx=pbx)


ADVICE = {
    0: (
        "Nothing accepts connections there: is Asterisk running, is enabled = yes in http.conf, "
        "and are its bindaddr and bindport those of url of pbx {pbx.name}?"
    ),
    200: "What answers there is not Asterisk: look at url of pbx {pbx.name}.",
    401: (
        "User or password is wrong: the section [{pbx.user}] of ari.conf (attendant/ari.conf) must "
        "have the password in {pbx.password_env}; then: module reload res_ari.so"
    ),
    403: "[{pbx.user}] may only read: set read_only = no in ari.conf.",
    404: (
        "Something answers there, but not ARI: set enabled = yes in ari.conf and load res_ari.so "
        "and res_ari_asterisk.so; or url of pbx {pbx.name} lacks the prefix of http.conf."
    ),
    503: "Asterisk is still starting, or stopping: try again in a moment.",
}
"What to do, by the HTTP status of the refusal; 0: not reached."
