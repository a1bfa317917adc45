"""baresip as a second opinion: somebody else's phone, headless, told what to do over its socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ari_app.media.values import Audio, Samples
from tests.support.audio import read_wav, write_wav
from tests.support.pbx import PREFIX

CONFIG = """\
poll_method epoll
sip_listen 127.0.0.1:{sip}
rtp_ports {rtp}-{rtp_end}
audio_source aufile,{folder}/in.wav
audio_player aufile,{folder}/out.wav
audio_alert aufile,{folder}/in.wav
ausrc_srate 8000
auplay_srate 8000
module_path {modules}
module g711.so
module aufile.so
module ctrl_tcp.so
module account.so
module menu.so
ctrl_tcp_listen 127.0.0.1:{control}
"""


class Baresip:
    """A running baresip. Reports are as baresip names them: CALL_ESTABLISHED …"""

    def __init__(self, folder: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._folder, self._reader, self._writer = folder, reader, writer

    async def run(self, command: str, parameters: str = "") -> None:
        """One of baresip's commands: dial, hangup, sndcode …"""
        text = json.dumps({"command": command, "params": parameters}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        await self._writer.drain()

    async def until(self, kind: str, seconds: float = 10.0) -> dict[str, Any]:
        """Wait for a report of that kind; others before it are dropped."""
        async with asyncio.timeout(seconds):
            while True:
                report = await self._next()
                if report.get("type") == kind:
                    return report

    def heard(self) -> Samples:
        """What its loudspeaker played; complete once the call has ended."""
        return read_wav(self._folder / "out.wav").samples

    async def _next(self) -> dict[str, Any]:
        """One netstring: the length, a colon, JSON, a comma."""
        length = await self._reader.readuntil(b":")
        text = await self._reader.readexactly(int(length[:-1]) + 1)
        report: dict[str, Any] = json.loads(text[:-1])
        return report


@asynccontextmanager
async def running_baresip(
    folder: Path, account: str, microphone: Samples, first_port: int
) -> AsyncIterator[Baresip]:
    """Start it on 20 ports from the first on; the microphone plays once from each answer on.

    account: a line of baresip's accounts file, like `<sip:bob@host:port>;auth_pass=…;regint=60`.
    """
    write_wav(folder / "in.wav", Audio(microphone))
    # its SIP over TLS listens at the next port after SIP, asked or not
    ports = {"sip": first_port, "control": first_port + 2}
    ports |= {"rtp": first_port + 4, "rtp_end": first_port + 19}
    modules = PREFIX / "root/usr/lib/baresip/modules"
    (folder / "config").write_text(CONFIG.format(folder=folder, modules=modules, **ports))
    (folder / "accounts").write_text(account + "\n")
    with (folder / "baresip.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PREFIX / "bin/baresip", "-f", folder, stdin=asyncio.subprocess.DEVNULL,
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        reader, writer = await _connect(ports["control"])
        try:
            yield Baresip(folder, reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()
    finally:
        process.terminate()
        await process.wait()


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(5.0):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
