import asyncio

import numpy as np
import pytest

from ari_app.board.taps import LONGEST, BoardTap, Pairing
from ari_app.media.values import Samples, TapPair


def frame(value: int) -> Samples:
    return np.full(160, value, np.int16)


def read(pairs: list[TapPair]) -> list[tuple[int, int, int]]:
    """(number, caller, agent) of each."""
    return [(round(p.at / 0.02), int(p.caller[0]), int(p.agent[0])) for p in pairs]


def test_frames_of_one_number_are_a_pair_whoever_comes_first() -> None:
    pairing = Pairing(0)
    assert pairing.heard(0, frame(1)) == []
    assert read(pairing.sent(0, frame(2))) == [(0, 1, 2)]
    assert pairing.sent(1, frame(4)) == []
    assert read(pairing.heard(1, frame(3))) == [(1, 3, 4)]


def test_what_was_before_the_tap_is_left_out() -> None:
    pairing = Pairing(5)
    assert pairing.heard(4, frame(1)) == []
    pairing.heard(5, frame(2))
    assert read(pairing.sent(5, frame(3))) == [(5, 2, 3)]


def test_numbers_that_were_left_out_were_silence() -> None:
    pairing = Pairing(0)
    for number in range(3):
        pairing.heard(number, frame(1))
    assert read(pairing.sent(2, frame(2))) == [(0, 1, 0), (1, 1, 0), (2, 1, 2)]


def test_one_direction_does_not_wait_for_ever_for_the_other() -> None:
    pairing = Pairing(0)
    pairs = [pair for number in range(60) for pair in pairing.heard(number, frame(number))]
    assert read(pairs) == [(number, number, 0) for number in range(10)]


def closed(tap: BoardTap) -> None: ...


async def test_a_slow_listener_loses_the_oldest_and_can_tell() -> None:
    tap = BoardTap(closed)
    for number in range(LONGEST + 3):
        tap.put(TapPair(number * 0.02, frame(0), frame(0)))
    tap.end()
    pairs = [pair async for pair in tap.pairs()]
    assert tap.dropped == 3
    assert len(pairs) == LONGEST
    assert pairs[0].at == pytest.approx(0.06)


async def test_closing_a_tap_ends_its_pairs_and_tells_the_media() -> None:
    gone: list[BoardTap] = []
    tap = BoardTap(gone.append)
    reading = asyncio.create_task(anext(tap.pairs(), None))
    await asyncio.sleep(0)
    tap.close()
    assert await reading is None
    assert gone == [tap]
