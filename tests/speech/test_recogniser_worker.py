import io

import numpy as np
import pytest

from ari_app.speech import wire
from tests.support.audio import noise, tone

worker = pytest.importorskip(
    "ari_app.speech.recogniser_worker", reason="pocketsphinx is missing: extra local"
)


def answers(*requests: wire.Request) -> list[wire.Answer]:
    sink = io.BytesIO()
    worker.serve(io.BytesIO(b"".join(map(wire.pack_request, requests))), sink)
    sink.seek(0)
    found = []
    while header := sink.read(wire.LENGTHS.size):
        head, _ = wire.lengths(header)
        found.append(wire.parse_answer(sink.read(head)))
    return found


def test_requests_are_answered_in_order_until_there_are_no_more() -> None:
    sound = noise(0.5, level=-30)
    found = answers(
        wire.Request("choose", ("yes", "no"), sound),
        wire.Request("choose", ("xyzzyplugh",), sound),
        wire.Request("choose", ("yes", "no"), sound),
    )
    assert len(found) == 3
    assert found[0] == found[2]
    assert "xyzzyplugh" in found[1].error


def test_half_a_request_ends_the_work_without_an_answer() -> None:
    sink = io.BytesIO()
    worker.serve(io.BytesIO(b"\0\0"), sink)
    assert sink.getvalue() == b""


def test_more_questions_than_are_kept_are_still_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "GRAMMARS", 1)
    sound = noise(0.3, level=-30)
    phrases = [("yes", "no"), ("sales", "support"), ("yes", "no")]
    found = answers(*(wire.Request("choose", each, sound) for each in phrases))
    assert [each.error for each in found] == ["", "", ""]


def test_upsampling_doubles_the_rate_and_keeps_the_sound() -> None:
    heard, meant = worker.upsampled(tone(440, 0.5)), tone(440, 0.5, rate=16000)
    assert len(heard) == len(meant)
    assert np.abs(heard[:-1].astype(int) - meant[:-1]).max() < 100
    assert len(worker.upsampled(np.zeros(0, np.int16))) == 0
