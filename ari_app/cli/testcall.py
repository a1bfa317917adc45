"""`attendant testcall`: a real SIP call to a number, and what was heard."""

import asyncio
import contextlib
import json
import re
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from ari_app.cli import interruptible
from ari_app.cli.reception import counted, level
from ari_app.cli.recording import write_stereo
from ari_app.config import load
from ari_app.errors import ConfigError
from ari_app.media.values import Samples
from ari_app.phone.choose import Kind, open_phone
from ari_app.phone.listen import Listener, Stretch, stretches
from ari_app.phone.minimal_call import MinimalCall
from ari_app.phone.port import Address, Ended, Phone, PhoneCall, PhoneError
from ari_app.ports import Voice
from ari_app.speech.voices import find_voice
from ari_app.wiring import voice_of

NUMBER = re.compile(r"[\w.*#+-]+|sips?:[^\s<>\"]+")
DIGITS = re.compile(r"[0-9A-D*#]*")
RING_SECONDS = 30.0
POLITE_SECONDS = 3.0
"How long we wait for the far side to say something before we do."

REASONS = {
    401: "the PBX wants a password: name its variable with --password-env",
    403: "the PBX does not let this user call, or the password is wrong",
    404: "the PBX knows no such number in the context of this user",
    407: "the PBX wants a password: name its variable with --password-env",
    408: "nothing answered: is --registrar right, and does SIP over UDP come through?",
    480: "whoever has this number is not there (not registered?)",
    486: "busy",
    488: "no codec in common: the PBX must allow ulaw or alaw for this user",
    503: "the PBX cannot now: its console says why",
    600: "busy",
    603: "declined",
}
"What a final SIP status means here."


@dataclass(frozen=True)
class Plan:
    """Whom to call, as whom, and what to do then."""

    number: str
    registrar: str
    "host or host:port"
    user: str
    password: str = field(default="", repr=False)
    "Empty: the phone calls without having registered."
    say: str = ""
    press: str = ""
    seconds: float = 20.0
    "How long the call may last after its answer."

    def __post_init__(self) -> None:
        """Raises ConfigError."""
        if not NUMBER.fullmatch(self.number):
            raise ConfigError(f"NUMBER: {self.number!r}: expected digits, a name or a sip: address")
        if not re.fullmatch(r"[\w.+-]+", self.user):
            raise ConfigError(f"--user: {self.user!r}: expected a name of letters, digits, . + - _")
        if not DIGITS.fullmatch(self.press):
            raise ConfigError(f"--press: {self.press!r}: expected keys, of 0-9 A-D * #")


@dataclass(frozen=True)
class Report:
    """What became of the call. Seconds; those of speech count from the answer."""

    phone: str
    answered: float
    "Seconds from INVITE to answer."
    ringing: float | None
    "Seconds from INVITE to the first sign of ringing; None: it did not ring."
    heard: tuple[Stretch, ...]
    "When the far side made sound."
    level: float | None
    "Of what was heard where it is sound, dBFS."
    received: int | None
    "RTP packets; None: this kind of phone does not count."
    lost: int | None
    seconds: float
    "Length of the call."
    ended: Ended


@dataclass(frozen=True, eq=False)
class Recorded:
    """A call's report with its audio, both on one timeline."""

    report: Report
    sent: Samples
    heard: Samples


async def place(plan: Plan, voice: Voice | None, kind: Kind = "minimal") -> Recorded:
    """Make the call. Raises PhoneError when it does not come about, ConfigError, AgentError."""
    registrar = resolved(plan.registrar)
    spoken = await _spoken(voice, plan.say) if voice is not None and plan.say else None
    async with open_phone(
        kind,
        user=plan.user,
        password=plan.password,
        registrar=registrar,
        bind=(_own_address(registrar), 0),
    ) as phone:
        if plan.password:
            await _register(phone)
        loop = asyncio.get_running_loop()
        began = loop.time()
        call = await phone.call(plan.number)
        rang = asyncio.create_task(_rings(call, began))
        await _answer(call, plan.number)
        answered = loop.time() - began
        await _converse(call, plan, spoken)
        await call.hang_up()
        rang.cancel()
        ringing = rang.result() if rang.done() and not rang.cancelled() else None
        if ringing is not None and ringing > answered:  # the end of a call ends all waiting
            ringing = None
        return _recorded(phone.kind, call, answered, ringing, await call.ended())


async def _register(phone: Phone) -> None:
    try:
        await phone.register()
    except PhoneError as error:
        raise PhoneError(f"{error} (--registrar, --user, the password?)") from error


async def _rings(call: PhoneCall, began: float) -> float | None:
    with contextlib.suppress(PhoneError):
        await call.ringing(RING_SECONDS)
        return asyncio.get_running_loop().time() - began
    return None


async def _answer(call: PhoneCall, number: str) -> None:
    """Wait for the answer. Raises PhoneError that says what to do."""
    try:
        await call.answered(RING_SECONDS)
    except PhoneError as error:
        if call.state != "ended":
            why = "it rings" if call.state == "ringing" else REASONS[408]
            await call.hang_up()
            raise PhoneError(f"{number}: no answer within {RING_SECONDS:g} s: {why}") from error
        ended = await call.ended()
        why = REASONS.get(ended.status, "see the PBX's console: pjsip set logger on")
        raise PhoneError(f"{number}: {ended.status} {ended.reason}: {why}") from error


async def _converse(call: PhoneCall, plan: Plan, spoken: Samples | None) -> None:
    """Until the time is up or the far side has hung up."""
    listener = Listener(call)
    with contextlib.suppress(PhoneError, TimeoutError):
        async with asyncio.timeout(plan.seconds):
            if spoken is not None or plan.press:
                await _hear_out(listener, plan.seconds)
            if spoken is not None:
                call.play(spoken)
                await call.played()
            if plan.press:
                await call.press(plan.press)
            await call.ended(plan.seconds)


async def _hear_out(listener: Listener, seconds: float) -> None:
    """Wait until the far side has spoken; not for one that says nothing, as an echo does."""
    try:
        await listener.onset(POLITE_SECONDS)
    except PhoneError:
        return
    await listener.utterance(timeout=seconds)


def _recorded(
    kind: str, call: PhoneCall, answered: float, ringing: float | None, ended: Ended
) -> Recorded:
    heard = call.heard()
    packets = counted(call.packets) if isinstance(call, MinimalCall) else (None, None)
    report = Report(
        phone=kind,
        answered=round(answered, 3),
        ringing=None if ringing is None else round(ringing, 3),
        heard=tuple(stretches(heard)),
        level=level(heard),
        received=packets[0],
        lost=packets[1],
        seconds=round(len(heard) / 8000, 2),
        ended=ended,
    )
    return Recorded(report, call.sent_audio(), heard)


async def _spoken(voice: Voice, text: str) -> Samples:
    pieces = [piece.samples async for piece in voice.speak(text)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def voice_for(config: Path) -> Voice:
    """The voice of the settings, if there are any; else the best that this machine has.

    Raises ConfigError.
    """
    return voice_of(load(config)) if config.exists() else find_voice()


def resolved(registrar: str) -> Address:
    """Numeric address of host:port (5060 unless named). Raises ConfigError."""
    host, _, port = registrar.partition(":")
    if (
        not host
        or not re.fullmatch(r"[0-9]{0,5}", port)
        or int(port or 5060) not in range(1, 65536)
    ):
        raise ConfigError(f"--registrar: {registrar!r}: expected host or host:port")
    try:
        found = socket.getaddrinfo(host, int(port or 5060), socket.AF_INET, socket.SOCK_DGRAM)
    except OSError as error:
        raise ConfigError(f"--registrar: {host}: not found ({error.strerror})") from error
    return str(found[0][4][0]), int(found[0][4][1])


def _own_address(peer: Address) -> str:
    """The address that packets to the peer leave from; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(peer)
        return str(probe.getsockname()[0])


def run(
    plan: Plan,
    voice: Voice | None,
    console: Console,
    *,
    kind: Kind,
    wav: Path | None,
    as_json: bool,
) -> int:
    """Make the call and report it. The exit status: 0 when the far side was heard.

    Raises PhoneError when it does not come about.
    """
    recorded = interruptible.run(place(plan, voice, kind))
    if wav is not None:
        write_stereo(wav, recorded.sent, recorded.heard)
    report = recorded.report
    if as_json:
        print(json.dumps({"number": plan.number, **asdict(report)}, indent=2))
    else:
        _show(plan, report, wav, console)
    return 0 if report.heard else 1


def _show(plan: Plan, report: Report, wav: Path | None, console: Console) -> None:
    rang = "did not ring" if report.ringing is None else f"rang after {report.ringing:.2f} s"
    console.print(f"{plan.number} {rang}, answered after {report.answered:.2f} s.")
    for one in report.heard:
        console.print(f"  {one.at:6.2f} s to {one.until:6.2f} s  the far side spoke")
    if report.heard:
        console.print(f"Level {report.level:.1f} dBFS.", end=" ")
    else:
        console.print("Nothing was heard: attendant check tries both directions.", style="red")
    if report.received is not None:
        console.print(f"{report.received} packets received, {report.lost} lost.", end=" ")
    who = {"us": "us", "them": "the far side", "network": "the network"}[report.ended.by]
    console.print(f"{report.seconds:.1f} s, ended by {who}.")
    if wav is not None:
        console.print(f"Both sides (left: we, right: they) are in {wav}.", markup=False)
