"""How well a phone received a call."""

import numpy as np

from ari_app.media.serial import extend_sequence
from ari_app.media.values import Samples
from ari_app.phone.hear import Arrival
from ari_app.phone.listen import AUDIBLE
from ari_app.phone.port import FRAME


def counted(packets: list[Arrival]) -> tuple[int, int]:
    """Packets received, and lost by the gaps in their sequence numbers (RFC 3550 appendix A.3)."""
    if not packets:
        return 0, 0
    numbers, highest = set(), packets[0].sequence
    for packet in packets:
        number = extend_sequence(packet.sequence, highest)
        highest = max(highest, number)
        numbers.add(number)
    return len(packets), highest - min(numbers) + 1 - len(numbers)


def level(samples: Samples) -> float | None:
    """dBFS of the frames that are sound."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    power = (frames**2).mean(axis=1)
    loud = power[power > AUDIBLE**2]
    return round(float(10 * np.log10(loud.mean() / 32768**2)), 1) if len(loud) else None
