"""The codecs of a telephone: µ-law and A-law (ITU-T G.711), and plain 16-bit samples.

Encoding and decoding are look-ups in tables that are computed once, from the segments of G.711 as
ITU-T's own software (G.191) rounds them: negative samples by one's complement, so that both signs
have the same decision values. (`take` is three times as fast as indexing.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ari_app.media.rtp import Octets
from ari_app.media.values import Samples

FRAME_SAMPLES = 160
"20 ms at 8 kHz."


def _magnitudes() -> NDArray[np.int64]:
    """Of every 16-bit sample, in the order of its bit pattern: the one's complement magnitude."""
    samples = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int64)
    return np.where(samples < 0, ~samples, samples)


_NEGATIVE = np.arange(1 << 16) >= 1 << 15


def _segment(magnitude: NDArray[np.int64], second: int) -> NDArray[np.int64]:
    """The segment, 0 to 7, when the second one begins at `second` and each next at its double."""
    return np.searchsorted(second << np.arange(7), magnitude, side="right").astype(np.int64)


def _ulaw_encoder() -> Octets:
    biased = np.minimum((_magnitudes() >> 2) + 33, 0x1FFF)
    segment = _segment(biased, 64)
    codes: NDArray[np.int64] = segment << 4 | (biased >> (segment + 1)) & 0x0F
    return np.bitwise_xor(codes, np.where(_NEGATIVE, 0x7F, 0xFF)).astype(np.uint8)


def _ulaw_decoder() -> Samples:
    code = ~np.arange(256) & 0xFF
    magnitude: NDArray[np.int64] = (((2 * (code & 0x0F) + 33) << (code >> 4 & 7)) - 33) << 2
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_encoder() -> Octets:
    magnitude = _magnitudes() >> 4
    segment = _segment(magnitude, 16)
    codes: NDArray[np.int64] = segment << 4 | (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    return np.bitwise_xor(codes, np.where(_NEGATIVE, 0x55, 0xD5)).astype(np.uint8)


def _alaw_decoder() -> Samples:
    code = np.arange(256) ^ 0x55
    segment = code >> 4 & 7
    mantissa = 2 * (code & 0x0F) + 1 + np.where(segment, 32, 0)
    magnitude: NDArray[np.int64] = mantissa << np.maximum(segment - 1, 0) << 3
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_ULAW_ENCODER, _ULAW_DECODER = _ulaw_encoder(), _ulaw_decoder()
_ALAW_ENCODER, _ALAW_DECODER = _alaw_encoder(), _alaw_decoder()


def ulaw_encode(samples: Samples) -> Octets:
    """µ-law of samples of any shape, one octet each."""
    return _ULAW_ENCODER.take(samples.view(np.uint16))


def ulaw_decode(octets: Octets) -> Samples:
    """Samples of µ-law octets of any shape, ±32124."""
    return _ULAW_DECODER.take(octets)


def alaw_encode(samples: Samples) -> Octets:
    """A-law of samples of any shape, one octet each."""
    return _ALAW_ENCODER.take(samples.view(np.uint16))


def alaw_decode(octets: Octets) -> Samples:
    """Samples of A-law octets of any shape, ±32256."""
    return _ALAW_DECODER.take(octets)


def slin_encode(samples: Samples) -> Octets:
    """Big-endian octets: shape (…, n) becomes (…, 2n)."""
    return np.ascontiguousarray(samples, dtype=">i2").view(np.uint8)


def slin_decode(octets: Octets) -> Samples:
    """Samples of big-endian octets: shape (…, 2n) becomes (…, n)."""
    return np.ascontiguousarray(octets).view(">i2").astype(np.int16)


@dataclass(frozen=True)
class Codec:
    """How 20 ms of 8 kHz mono speech travel."""

    name: str
    "As Asterisk calls it."
    payload_type: int
    "RTP payload type, RFC 3551 §6."
    frame_bytes: int
    "Octets of 20 ms."
    encode: Callable[[Samples], Octets]
    decode: Callable[[Octets], Samples]


CODECS = {
    codec.name: codec
    for codec in (
        Codec("ulaw", 0, FRAME_SAMPLES, ulaw_encode, ulaw_decode),
        Codec("alaw", 8, FRAME_SAMPLES, alaw_encode, alaw_decode),
        # RFC 3551 means 44.1 kHz stereo by 10; Asterisk sends 8 kHz mono with it.
        Codec("slin", 10, 2 * FRAME_SAMPLES, slin_encode, slin_decode),
    )
}
"The codecs by name."
