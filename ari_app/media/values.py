"""What a media reports and carries. Values only; times are media time: seconds of audio since
the media was connected."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
"Linear 16 bit, mono, shape (n,)."


@dataclass(frozen=True, eq=False)
class Audio:
    """A stretch of mono speech."""

    samples: Samples
    "Linear 16 bit, mono, shape (n,)."
    rate: int = 8000
    "Samples per second."

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True, eq=False)
class FrameHeard:
    """20 ms from the caller, in order; the stream never has holes."""

    samples: Samples
    "Shape (160,), 8 kHz."
    at: float
    "Media time of its first sample: seconds since the media was connected."
    kind: Literal["voice", "concealed", "filled"] = "voice"
    "voice: received; concealed: lost and repaired; filled: nothing was sent (DTX, mute, hold)."


@dataclass(frozen=True)
class SpeechBegan:
    """The caller began to speak."""

    at: float
    "Media time of the acoustic onset, seconds (earlier than the moment of the decision)."


@dataclass(frozen=True)
class SpeechEnded:
    """The caller fell silent."""

    at: float
    "Media time of the last speech, seconds."


@dataclass(frozen=True)
class Played:
    """How much of an item the caller has been sent (less far_delay)."""

    item: str
    seconds: float
    state: Literal["playing", "finished", "cut"]
    "playing: progress, at least every 200 ms; finished: to its end; cut: flushed, final."


@dataclass(frozen=True)
class StreamQuiet:
    """Nothing has arrived for this long."""

    seconds: float


@dataclass(frozen=True)
class StreamHeard:
    """Packets arrive again after StreamQuiet."""


@dataclass(frozen=True)
class MediaStatistics:
    """What happened to one media, both ways (counts of packets or frames)."""

    received: int = 0
    lost: int = 0
    reordered: int = 0
    duplicate: int = 0
    late: int = 0
    malformed: int = 0
    concealed: int = 0
    filled: int = 0
    sent: int = 0
    jitter: float = 0.0
    "Interarrival jitter, RFC 3550 §6.4.1, seconds."
    longest_gap: float = 0.0
    "Longest time without a packet, seconds."
    send_lateness: float = 0.0
    "Worst lateness of a frame that we sent, seconds."


@dataclass(frozen=True)
class StreamClosed:
    """The media was closed; nothing follows."""

    statistics: MediaStatistics


MediaEvent = (
    FrameHeard | SpeechBegan | SpeechEnded | Played | StreamQuiet | StreamHeard | StreamClosed
)


@dataclass(frozen=True, eq=False)
class TapPair:
    """20 ms of a call, both directions, aligned."""

    at: float
    "Media time, seconds."
    caller: Samples
    agent: Samples
