"""`attendant demo`: a real phone calls a real Asterisk and talks with the agent; then the agent is
killed, and the PBX takes the next caller by itself."""

import asyncio
import signal
import socket
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console

from ari_app.agents.flow.load import load_flow
from ari_app.agents.flow.model import flow_texts
from ari_app.cli.evidence import Evidence
from ari_app.cli.performance import Performance
from ari_app.cli.site import DESTINATIONS, FRONT_DESK, Site
from ari_app.cli.story import AGENT_DEAD, TALK, LeaveMessage, Move
from ari_app.errors import AttendantError
from ari_app.media.values import Audio
from ari_app.pbx.installation import PREFIX, install
from ari_app.pbx.run_folder import SandboxSettings
from ari_app.pbx.sandbox import Sandbox
from ari_app.phone import PhoneError, open_phone
from ari_app.speech.cache import SpeechCache
from ari_app.speech.recogniser import GrammarRecogniser
from ari_app.speech.voices import find_voice

CALLER_VOICE = "rms"
"Not the agent's: one hears who speaks."
MAILBOX_SAYS = (
    "The person at extension one zero zero zero is unavailable.",
    "Please leave your message after the tone. When done, hang up or press the pound key.",
)
"Asterisk's own prompts, so that what the phone heard can be understood."
PORTS = range(20000, 30000, 500)
"Where the private PBX may begin to use ports."
FILING = 5.0
"Seconds that Asterisk may take to file a message."


class Demo:
    """One showing. Everything it makes is in `folder`."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._console = console
        self._sandbox = Sandbox(folder / "pbx", _free_ports())
        self._site = Site(folder / "worker", self._sandbox)
        self._show = Evidence(folder, self._site, console)

    def run(self) -> int:
        """Show it; the exit status."""
        began = time.monotonic()
        try:
            self._set_up()
            asyncio.run(self._calls())
        except (AttendantError, OSError) as error:
            self._console.print(f"\n[bold red]Failed:[/] {error}", highlight=False)
            self._show.line(f"logs: {self._site.log}, {self._sandbox.log}")
            return 1
        finally:
            self._site.stop()
            self._sandbox.stop()
        self._show.sum_up(time.monotonic() - began)
        return 0

    def _set_up(self) -> None:
        self._show.title("Setting up")
        install(PREFIX)
        self._step("a private Asterisk, on loopback only", self._sandbox.start)
        self._site.configure()
        self._step("an agent for it: attendant serve", self._site.start)

    def _step(self, name: str, do: Callable[[], object]) -> None:
        began = time.monotonic()
        with self._console.status(name):
            do()
        self._show.line(f"{name} ({time.monotonic() - began:.1f} s)")

    async def _calls(self) -> None:
        texts = flow_texts(load_flow(FRONT_DESK, frozenset(DESTINATIONS)))
        async with GrammarRecogniser(seconds=20) as ears:
            self._show.title("A call to the front desk")
            await self._call("front-desk", TALK, ears, texts)
            self._site.kill()
            self._show.title("The agent process was killed; somebody calls")
            await self._call("agent-dead", AGENT_DEAD, ears, MAILBOX_SAYS)

    async def _call(
        self, name: str, moves: tuple[Move, ...], ears: GrammarRecogniser, said: tuple[str, ...]
    ) -> None:
        programs = [Path(self._sandbox.settings.prefix) / "bin"]
        voice = find_voice("flite", CALLER_VOICE, folders=programs, cache=SpeechCache())
        there = self._messages()
        registrar = self._sandbox.sip_address
        async with open_phone("minimal", user="5551234", registrar=registrar) as phone:
            began = time.monotonic()
            call = await phone.call("700")
            await call.answered()
            took = 1000 * (time.monotonic() - began)
            self._show.begin(f"700 dialled, answered after {took:.0f} ms", ears, said)
            performance = Performance(call, voice, self._show)
            try:
                for move in moves:
                    await performance.make(move)
            finally:
                await call.hang_up()
                await self._show.end(name, call)
        left = [move.text for move in moves if isinstance(move, LeaveMessage)]
        await self._look_for_message(there, ears, tuple(left))

    def _messages(self) -> set[Path]:
        return set(self._sandbox.voicemail_dir.glob("msg*.wav"))

    async def _look_for_message(
        self, before: set[Path], ears: GrammarRecogniser, said: tuple[str, ...]
    ) -> None:
        deadline = time.monotonic() + FILING
        while not (new := self._messages() - before):
            if time.monotonic() > deadline:
                raise PhoneError("no message is in the mailbox")
            await asyncio.sleep(0.1)
        audio = _read_wav(new.pop())
        heard = await ears.transcribe(audio, said)
        self._show.line(f"{audio.seconds:.1f} s of message in mailbox 1000: “{heard}”", "mailbox")
        if not heard:
            raise PhoneError("the message in the mailbox has no words")


def run(folder: Path, console: Console) -> int:
    """Show everything; the exit status. SIGTERM ends it as Ctrl-C does: nothing is left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder.mkdir(parents=True, exist_ok=True)
    return Demo(folder, console).run()


def _read_wav(path: Path) -> Audio:
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
        return Audio(samples, file.getframerate())


def _free_ports() -> SandboxSettings:
    """Ports for a private PBX that nobody uses just now."""
    for first in PORTS:
        if all(_is_free(port) for port in (first, first + 1, first + 100)):
            return SandboxSettings(
                sip_port=first, http_port=first + 1, rtp_start=first + 100, rtp_end=first + 199
            )
    raise AttendantError(f"no free ports between {PORTS.start} and {PORTS.stop} for a private PBX")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
