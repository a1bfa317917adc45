"""Where on a real timeline does audio belong? Pure.

A stream's first piece stands where it arrived. The others follow by their timestamps, so that
jitter does not cut the audio up, until they stray too far from their arrival: then the stream has
jumped, and is put where it arrives again.
"""

from dataclasses import dataclass, field

import numpy as np

from ari_app.media.serial import timestamp_distance
from ari_app.media.values import Samples
from ari_app.phone.port import RATE

STRAY = 0.2
"So far from its arrival a piece may be placed by its timestamp, seconds."
STRAY_AT_MARKER = 0.04
"The same at the begin of a talkspurt, where a jump is allowed."


@dataclass(frozen=True, eq=False)
class Piece:
    """Audio with its place. Pieces of one anchor join without a seam, whatever the rounding."""

    anchor: float
    "Monotonic seconds."
    offset: int
    "Samples after the anchor."
    samples: Samples


@dataclass
class Timeline:
    """Audio as it came in, or went out."""

    _pieces: list[Piece] = field(default_factory=list)
    _anchor: tuple[int, int, float] | None = None
    "Stream, timestamp and monotonic seconds of the piece that was put where it arrived."

    def place(
        self, samples: Samples, at: float, timestamp: int, stream: int = 0, stray: float = STRAY
    ) -> None:
        """Audio that came at monotonic seconds; its timestamp is in samples and wraps at 2³²."""
        offset = 0
        if self._anchor is not None and self._anchor[0] == stream:
            offset = timestamp_distance(timestamp, self._anchor[1])
            if abs(at - self._anchor[2] - offset / RATE) > stray:
                self._anchor = None
        if self._anchor is None or self._anchor[0] != stream:
            self._anchor, offset = (stream, timestamp, at), 0
        self._pieces.append(Piece(self._anchor[2], offset, samples))

    def between(self, begin: float, end: float) -> Samples:
        """What is between two monotonic seconds, at 8 kHz, silence where nothing came."""
        total = max(0, round((end - begin) * RATE))
        timeline = np.zeros(total, np.int16)
        for piece in self._pieces:
            start = round((piece.anchor - begin) * RATE) + piece.offset
            first, last = max(0, -start), min(len(piece.samples), total - start)
            if first < last:
                timeline[start + first : start + last] = piece.samples[first:last]
        return timeline
