"""What a call costs: the board beside one asyncio socket per call, in one run.

    python tests/benchmarks/bench_board.py [--media 1 10 100] [--seconds 10]

Every media hears a talker and speaks all the time (the worst case), and its events are read. The
far side is another process; lateness is taken there: how much later than its place on a grid of
20 ms, fitted to the earliest packet of the media, each packet came. Absolute figures depend on the
machine and on what else it does: compare within a run.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import webrtcvad

from ari_app.board.board import MediaBoard
from ari_app.board.media import BoardMedia
from ari_app.errors import MalformedPacket
from ari_app.media.g711 import ulaw_decode, ulaw_encode
from ari_app.media.rtp import Packet
from ari_app.media.values import Audio

Address = tuple[str, int]
WARM_UP = 1.5
"Seconds that are not measured."
SPEECH = (3000 * np.sin(np.arange(16000) * 0.3)).astype(np.int16)


@dataclass(frozen=True)
class Figures:
    """Of one subject with one number of media."""

    cpu: float
    "Microseconds of CPU per second of call."
    p50: float
    "Lateness, ms."
    p99: float
    p999: float
    received: float
    "Packets that came per packet that should have come."


def far_side(count: int, seconds: float) -> None:
    """The other process: prints the ports of its sockets, reads where to send, prints arrivals."""
    sockets = []
    for _ in range(count):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        sockets.append(one)
    print(json.dumps([one.getsockname() for one in sockets]), flush=True)
    targets = [tuple(target) for target in json.loads(sys.stdin.readline())]
    arrivals: list[list[float]] = [[] for _ in sockets]
    payload = ulaw_encode(SPEECH[:160]).tobytes()
    begin = time.monotonic()
    sent = [0] * count
    while (now := time.monotonic()) < begin + seconds:
        for index, one in enumerate(sockets):
            if now >= begin + 0.02 * (sent[index] + index / count):
                packet = Packet(0, sent[index] & 0xFFFF, 160 * sent[index], index + 1, payload)
                one.sendto(bytes(packet), targets[index])
                sent[index] += 1
            try:
                one.recv(2048)
                arrivals[index].append(time.monotonic() - begin)
            except BlockingIOError:
                pass
        time.sleep(0.0002)
    print(json.dumps(arrivals), flush=True)


@contextmanager
def far_process(count: int, seconds: float) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, __file__, "--far", str(count), "--seconds", str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as far:
        yield far


def lateness(arrivals: list[list[float]]) -> np.ndarray:
    late = []
    for times in arrivals:
        at = np.array([t for t in times if t > WARM_UP])
        if len(at) > 1:
            offset = at - 0.02 * np.arange(len(at))
            late.append(offset - offset.min())
    return 1000 * np.concatenate(late)


async def read(media: BoardMedia) -> None:
    async for _ in media.events():
        pass


async def board_subject(remotes: list[Address]) -> tuple[list[Address], MediaBoard]:
    board = MediaBoard(rows=len(remotes))
    await board.start()
    for number, remote in enumerate(remotes):
        media = board.open(f"m{number}", "ulaw")
        media.connect(remote)
        for _ in range(20):
            media.play("speech", Audio(SPEECH))
        board.readers = [*getattr(board, "readers", []), asyncio.create_task(read(media))]  # type: ignore[attr-defined]
    return [board.address] * len(remotes), board


class Call(asyncio.DatagramProtocol):
    """The usual way: a socket and a timer per call, one packet at a time; no order is kept."""

    def __init__(self, remote: Address) -> None:
        self._remote = remote
        self._detector = webrtcvad.Vad(2)
        self._sent = 0
        self.heard: asyncio.Queue[np.ndarray] = asyncio.Queue(50)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self._loop = asyncio.get_running_loop()
        self._begin = self._loop.time()
        self._send()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            packet = Packet.parse(data)
        except MalformedPacket:
            return
        samples = ulaw_decode(np.frombuffer(packet.payload, np.uint8))
        self._detector.is_speech(samples.tobytes(), 8000)
        if self.heard.full():
            self.heard.get_nowait()
        self.heard.put_nowait(samples)

    def _send(self) -> None:
        if self.transport.is_closing():
            return
        begin = 160 * (self._sent % 100)
        payload = ulaw_encode(SPEECH[begin : begin + 160]).tobytes()
        packet = Packet(0, self._sent & 0xFFFF, 160 * self._sent, 9, payload)
        self.transport.sendto(bytes(packet), self._remote)
        self._sent += 1
        self._loop.call_at(self._begin + 0.02 * self._sent, self._send)


async def drain(call: Call) -> None:
    while True:
        await call.heard.get()


async def asyncio_subject(remotes: list[Address]) -> tuple[list[Address], list[object]]:
    loop = asyncio.get_running_loop()
    calls, kept = [], []
    for number, remote in enumerate(remotes):
        await asyncio.sleep(0.02 / len(remotes) if number else 0)
        transport, call = await loop.create_datagram_endpoint(
            lambda remote=remote: Call(remote),  # type: ignore[misc]
            local_addr=("127.0.0.1", 0),
        )
        calls.append(transport.get_extra_info("sockname"))
        kept += [transport, asyncio.create_task(drain(call))]
    return calls, kept


async def measure(kind: str, count: int, seconds: float) -> Figures:
    total = WARM_UP + seconds
    with far_process(count, total) as far:
        assert far.stdin is not None
        assert far.stdout is not None
        remotes = [tuple(remote) for remote in json.loads(far.stdout.readline())]
        subject = board_subject if kind == "board" else asyncio_subject
        targets, kept = await subject(remotes)
        far.stdin.write(json.dumps(targets) + "\n")
        far.stdin.flush()
        await asyncio.sleep(WARM_UP)
        begin = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.sleep(seconds - 0.2)
        end = resource.getrusage(resource.RUSAGE_SELF)
        arrivals = json.loads(await asyncio.to_thread(far.stdout.readline))
    if isinstance(kept, MediaBoard):
        await kept.close()
    else:
        for one in kept:
            (one.cancel if isinstance(one, asyncio.Task) else one.close)()  # type: ignore[attr-defined]
    await asyncio.sleep(0.1)
    used = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
    late = lateness(arrivals)
    p50, p99, p999 = np.percentile(late, [50, 99, 99.9])
    came = len(late) / (count * seconds * 50)
    return Figures(1e6 * used / (seconds - 0.2) / count, p50, p99, p999, came)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--far", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.far:
        far_side(arguments.far, arguments.seconds)
        return
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("media  subject   us per call-second   late ms p50 / p99 / p99.9   arrived")
    for count in arguments.media:
        both = {}
        for kind in ("board", "asyncio"):
            found = both[kind] = asyncio.run(measure(kind, count, arguments.seconds))
            print(
                f"{count:5}  {kind:8} {found.cpu:12.0f}          "
                f"{found.p50:8.2f} {found.p99:6.2f} {found.p999:6.2f}      {found.received:8.3f}",
                flush=True,
            )
        print(f"       board / asyncio: {both['board'].cpu / both['asyncio'].cpu:.2f} of the CPU")


if __name__ == "__main__":
    main()
