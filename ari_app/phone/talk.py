"""What does the phone send at each 20 ms tick? RFC 3550 and RFC 4733; pure.

The timestamp is the tick's, always: a muted phone leaves a hole in it, as a phone with DTX does.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from ari_app.media import g711
from ari_app.media.rtp import DIGITS, Packet, TelephoneEvent
from ari_app.media.values import Samples
from ari_app.phone.port import FRAME, SECONDS

CODECS = {0: g711.CODECS["ulaw"], 8: g711.CODECS["alaw"]}
"By payload type."
COPIES = 3
"The end packet of an event is sent so often, RFC 4733 §2.5.1.4."


@dataclass(frozen=True)
class Key:
    """One packet of an event, and whether the tick is used up by it."""

    events: tuple[TelephoneEvent, ...]
    first: bool
    "It begins an event: marker set, and its tick is the event's timestamp."


@dataclass
class Talk:
    """The phone's outgoing stream."""

    ssrc: int
    sequence: int
    timestamp: int
    "Of the next tick."
    payload_type: int = 0
    event_type: int | None = 101
    muted: bool = False
    ticks: int = 0
    sent: list[tuple[int, bytes]] = field(default_factory=list)
    "Every audio frame: the number of its tick, and its payload."
    _frames: deque[Samples] = field(default_factory=deque)
    _keys: deque[Key | None] = field(default_factory=deque)
    "What the next ticks are used for; None is a gap between keys, in which audio goes on."
    _event_timestamp: int = 0
    _marker: bool = True

    def play(self, samples: Samples) -> None:
        """Queue audio, shape (n,); its last frame is filled with silence."""
        padded = np.zeros(ceil(len(samples) / FRAME) * FRAME, np.int16)
        padded[: len(samples)] = samples
        self._frames.extend(padded.reshape(-1, FRAME))

    @property
    def playing(self) -> bool:
        return bool(self._frames)

    @property
    def pressing(self) -> bool:
        return bool(self._keys)

    def press(self, digits: str, tone: float, gap: float) -> None:
        """Queue keys, seconds. Raises ValueError for a key that no phone has."""
        if self.event_type is None:
            raise ValueError("the far side takes no telephone-event")
        for digit in digits.upper():
            if digit not in DIGITS:
                raise ValueError(f"key {digit!r}, expected one of {DIGITS}")
            self._keys.extend(keys(DIGITS.index(digit), tone, gap))

    def tick(self) -> tuple[bytes, ...]:
        """The packets of this tick: audio or silence, a part of a key, or nothing when muted."""
        timestamp = self.timestamp
        self.timestamp = (timestamp + FRAME) & 0xFFFFFFFF
        self.ticks += 1
        key = self._keys.popleft() if self._keys else None
        if key is not None:
            return tuple(self._press(key, timestamp))
        if self.muted:
            self._marker = True
            return ()
        return (self._speak(timestamp),)

    def _speak(self, timestamp: int) -> bytes:
        frame = self._frames.popleft() if self._frames else np.zeros(FRAME, np.int16)
        payload = encode(frame, self.payload_type)
        self.sent.append((self.ticks - 1, payload))
        marker, self._marker = self._marker, False
        return self._packet(self.payload_type, timestamp, payload, marker)

    def _press(self, key: Key, timestamp: int) -> Iterable[bytes]:
        if key.first:
            self._event_timestamp = timestamp
        for event in key.events:
            assert self.event_type is not None, "press checked it"
            yield self._packet(self.event_type, self._event_timestamp, bytes(event), key.first)

    def _packet(self, kind: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        packet = Packet(kind, self.sequence, timestamp, self.ssrc, payload, marker)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return bytes(packet)


def keys(event: int, tone: float, gap: float) -> list[Key | None]:
    """The ticks of one key: its updates, its three end packets (in the gap, if it is long
    enough), and the rest of the gap."""
    length, pause = max(1, round(tone / SECONDS)), max(0, round(gap / SECONDS))
    updates: list[Key | None] = [
        Key((TelephoneEvent(event, (n + 1) * FRAME),), n == 0) for n in range(length - 1)
    ]
    end = TelephoneEvent(event, length * FRAME, end=True)
    apart = min(COPIES - 1, pause)
    first = Key((end,) * (COPIES - apart), length == 1)
    repeats = [Key((end,), False) for _ in range(apart)]
    return [*updates, first, *repeats, *[None] * (pause - apart)]


def encode(samples: Samples, payload_type: int) -> bytes:
    """PCMU (0) or PCMA (8)."""
    return CODECS[payload_type].encode(samples).tobytes()


def decode(payload: bytes, payload_type: int) -> Samples:
    """PCMU (0) or PCMA (8), shape (bytes,)."""
    return CODECS[payload_type].decode(np.frombuffer(payload, np.uint8))
