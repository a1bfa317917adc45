"""What the steps of the media path cost: one call at a time, and a hundred at once.

    python tests/benchmarks/bench_media.py

Prints microseconds of CPU per frame of 20 ms; the best of several runs, so that other load on the
machine counts little. "gain" is what doing it for all calls at once saves.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from ari_app.media.conceal import Concealment
from ari_app.media.g711 import CODECS
from ari_app.media.resample import Resampler
from ari_app.media.rtp import Packet, read_headers, write_headers
from ari_app.media.statistics import Jitter

ROWS = 100
FRAME = 160
REPEATS, SECONDS = 7, 0.03

Step = Callable[[], object]


@dataclass(frozen=True)
class Case:
    name: str
    one: Step
    many: Step | None = None
    "For ROWS rows; None where nothing can be saved by it."


def microseconds(step: Step) -> float:
    """CPU of one run, the best of REPEATS stretches of SECONDS."""
    step()
    best, count = float("inf"), 1
    for _ in range(REPEATS):
        spent = 0.0
        while spent < SECONDS:
            begin = time.process_time()
            for _ in range(count):
                step()
            spent = time.process_time() - begin
            if spent < SECONDS:
                count *= 2
        best = min(best, spent / count)
    return best * 1e6


def headers() -> list[Case]:
    packet = Packet(0, 1, 160, 7, bytes(FRAME))
    wire = bytes(packet)
    rows = np.tile(np.frombuffer(wire, np.uint8), (ROWS, 1))
    lengths = np.full(ROWS, len(wire), np.int64)
    numbers = np.arange(ROWS, dtype=np.int64)
    return [
        Case("RTP header read", lambda: Packet.parse(wire), lambda: read_headers(rows, lengths)),
        Case(
            "RTP header write",
            lambda: bytes(packet),
            lambda: write_headers(
                rows, payload_type=0, sequence=numbers, timestamp=numbers, ssrc=numbers
            ),
        ),
    ]


def codecs() -> list[Case]:
    frames = np.random.default_rng(0).normal(0, 3000, (ROWS, FRAME)).astype(np.int16)
    cases = []
    for codec in CODECS.values():
        encode, decode, wire = codec.encode, codec.decode, codec.encode(frames)

        def encode_one(encode: Callable[..., object] = encode) -> object:
            return encode(frames[0])

        def encode_many(encode: Callable[..., object] = encode) -> object:
            return encode(frames)

        def decode_one(decode: Callable[..., object] = decode, wire: np.ndarray = wire) -> object:
            return decode(wire[0])

        def decode_many(decode: Callable[..., object] = decode, wire: np.ndarray = wire) -> object:
            return decode(wire)

        cases.append(Case(f"{codec.name} encode", encode_one, encode_many))
        cases.append(Case(f"{codec.name} decode", decode_one, decode_many))
    return cases


def resamplers() -> list[Case]:
    def case(from_rate: int, to_rate: int) -> Case:
        frames = np.random.default_rng(0).normal(0, 3000, (ROWS, from_rate // 50))
        samples = frames.astype(np.int16)
        one, many = Resampler(from_rate, to_rate), Resampler(from_rate, to_rate, (ROWS,))
        return Case(
            f"resample {from_rate / 1000:g} → {to_rate / 1000:g} kHz",
            lambda: one.push(samples[0]),
            lambda: many.push(samples),
        )

    pairs = [(8000, 16000), (8000, 24000), (24000, 8000), (22050, 8000), (48000, 8000)]
    return [case(*pair) for pair in pairs]


def streams() -> list[Case]:
    frames = np.random.default_rng(0).normal(0, 3000, (ROWS, FRAME)).astype(np.int16)
    concealment, losing = Concealment(ROWS), Concealment(1)
    rows = np.arange(ROWS, dtype=np.int64)
    jitter, now = Jitter(ROWS), np.linspace(0, 0.02, ROWS, dtype=np.float64)

    def lose_one() -> None:
        losing.heard(0, frames[0])
        losing.lost(0, FRAME)

    return [
        Case(
            "conceal: nothing lost",
            lambda: concealment.heard(0, frames[0]),
            lambda: concealment.heard_at_once(rows, frames),
        ),
        Case("conceal: a loss and a return", lose_one),
        Case(
            "jitter",
            lambda: jitter.arrived(0, 160, 0.02),
            lambda: jitter.arrived_at_once(rows, rows, now),
        ),
    ]


def main() -> None:
    print(f"{'µs per frame':32}{'one call':>10}{f'{ROWS} calls':>12}{'each':>8}{'gain':>7}")
    for case in [*headers(), *codecs(), *resamplers(), *streams()]:
        one = microseconds(case.one)
        line = f"{case.name:32}{one:10.2f}"
        if case.many:
            many = microseconds(case.many)
            line += f"{many:12.1f}{many / ROWS:8.3f}{one * ROWS / many:6.0f}×"
        print(line)


if __name__ == "__main__":
    main()
