"""µ-law and A-law are those of ITU-T G.711, and every shape goes through."""

import sys
import warnings

import numpy as np
import pytest

from ari_app.media.g711 import (
    CODECS,
    Codec,
    alaw_decode,
    alaw_encode,
    slin_encode,
    ulaw_decode,
    ulaw_encode,
)

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_OCTET = np.arange(256).astype(np.uint8)


def decision_values(steps: list[tuple[int, int]]) -> np.ndarray:
    """Running sums of the steps of G.711, tables 1 and 2: (how many, how wide)."""
    return np.cumsum([width for count, width in steps for _ in range(count)])


# Table 2a: the decision values x1 … x127 of 14-bit µ-law, and table 1a: of 13-bit A-law.
ULAW_DECISIONS = decision_values([(1, 1), (15, 2), *[(16, 4 << s) for s in range(7)]])[:127]
ALAW_DECISIONS = decision_values([(32, 2), *[(16, 4 << s) for s in range(6)]])[:127]


def test_the_decision_values_are_those_printed_in_the_recommendation() -> None:
    printed = [1, 3, 31, 35, 95, 103, 223, 239, 479, 511, 991, 1055, 2015, 2143, 4063, 4319]
    assert set(printed) <= set(ULAW_DECISIONS)
    assert {64, 128, 256, 512, 1024, 2048} <= set(ALAW_DECISIONS)
    assert ULAW_DECISIONS[-1] == 7903
    assert ALAW_DECISIONS[-1] == 3968


def test_ulaw_encodes_by_the_decision_values_of_g711() -> None:
    wide = EVERY_SAMPLE.astype(int)
    magnitude = np.where(wide < 0, ~wide, wide) >> 2
    step = np.searchsorted(ULAW_DECISIONS, magnitude, side="right")
    assert np.array_equal(ulaw_encode(EVERY_SAMPLE), np.where(wide < 0, 0x7F, 0xFF) - step)


def test_alaw_encodes_by_the_decision_values_of_g711() -> None:
    wide = EVERY_SAMPLE.astype(int)
    magnitude = np.where(wide < 0, ~wide, wide) >> 3
    step = np.searchsorted(ALAW_DECISIONS, magnitude, side="right")
    expected = (step | np.where(wide < 0, 0, 0x80)) ^ 0x55
    assert np.array_equal(alaw_encode(EVERY_SAMPLE), expected)


@pytest.mark.parametrize("codec", [CODECS["ulaw"], CODECS["alaw"]], ids=lambda c: c.name)
def test_every_octet_survives_decoding_and_encoding(codec: Codec) -> None:
    again = codec.encode(codec.decode(EVERY_OCTET))
    minus_zero = EVERY_OCTET == 0x7F if codec.name == "ulaw" else np.zeros(256, bool)
    assert np.array_equal(again[~minus_zero], EVERY_OCTET[~minus_zero])
    assert set(again[minus_zero]) <= {0xFF}, "µ-law has two zeros"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library")
def test_agrees_with_audioop() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop  # noqa: PLC0415
    octets, samples = EVERY_OCTET.tobytes(), EVERY_SAMPLE.tobytes()
    assert ulaw_decode(EVERY_OCTET).tobytes() == audioop.ulaw2lin(octets, 2)
    assert alaw_decode(EVERY_OCTET).tobytes() == audioop.alaw2lin(octets, 2)
    assert alaw_encode(EVERY_SAMPLE).tobytes() == audioop.lin2alaw(samples, 2)
    theirs = np.frombuffer(audioop.lin2ulaw(samples, 2), np.uint8)
    differ = ulaw_encode(EVERY_SAMPLE) != theirs
    # audioop rounds negative samples away from zero before the decision, G.191 does not: its
    # steps begin up to four samples of 16 bits early.
    assert not differ[EVERY_SAMPLE >= 0].any()
    assert np.array_equal(ulaw_encode(EVERY_SAMPLE[:-4])[differ[4:]], theirs[4:][differ[4:]])


@pytest.mark.parametrize("codec", CODECS.values(), ids=lambda c: c.name)
def test_speech_of_many_calls_goes_through_at_once(codec: Codec) -> None:
    rng = np.random.default_rng(1)
    frames = rng.normal(0, 3000, (5, 160)).astype(np.int16)
    wire = codec.encode(frames)
    assert wire.shape == (5, codec.frame_bytes)
    assert wire.dtype == np.uint8
    heard = codec.decode(wire)
    assert heard.shape == frames.shape
    assert heard.dtype == np.int16
    noise = (heard.astype(float) - frames).std()
    assert noise <= {"ulaw": 60, "alaw": 60, "slin": 0}[codec.name], "35 dB below the speech"
    assert np.array_equal(codec.decode(codec.encode(frames[2])), heard[2])
    assert codec.encode(frames[:, ::2]).shape == (5, codec.frame_bytes // 2), "strided views too"


def test_slin_is_big_endian() -> None:
    assert slin_encode(np.array([0x0102, -2], np.int16)).tobytes() == b"\x01\x02\xff\xfe"


def test_payload_types_are_those_of_rfc_3551_and_asterisk() -> None:
    assert {name: codec.payload_type for name, codec in CODECS.items()} == {
        "ulaw": 0, "alaw": 8, "slin": 10,
    }  # fmt: skip
