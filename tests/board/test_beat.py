import threading
import time

import pytest

from ari_app.board.beat import LANES, SECONDS, Beat


def beaten(seconds: float, stall_at: int = -1, stall: float = 0.0) -> list[range]:
    done: list[range] = []

    def work(beats: range, start: float) -> None:
        assert time.monotonic() >= start + beats[-1] * SECONDS
        done.append(beats)
        if len(done) == stall_at:
            time.sleep(stall)

    beat = Beat(work, lambda: None)
    beat.start()
    time.sleep(seconds)
    beat.stop()
    beat.join()
    return done


def test_every_beat_is_done_once_and_never_early() -> None:
    beats = [beat for some in beaten(0.2) for beat in some]
    assert beats == sorted(set(beats))
    assert len(beats) == pytest.approx(50, abs=4)


def test_after_a_stall_each_lane_is_done_once() -> None:
    done = beaten(0.3, stall_at=10, stall=0.1)
    after = done[10]
    assert len(after) == LANES
    assert after[0] > done[9][-1] + 1
    assert {beat % LANES for beat in after} == set(range(LANES))


def test_a_bug_in_the_work_ends_the_beat_and_somebody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_type))
    ended = threading.Event()

    def work(beats: range, start: float) -> None:
        raise ZeroDivisionError

    beat = Beat(work, ended.set)
    beat.start()
    assert ended.wait(1)
    beat.join()
    assert raised == [ZeroDivisionError]
