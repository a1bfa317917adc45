import numpy as np
import pytest

from ari_app.speech import wire
from tests.support.audio import noise


def test_a_request_arrives_as_it_was_sent() -> None:
    sent = wire.Request("choose", ("yes", "no thank you"), noise(0.1))
    packed = wire.pack_request(sent)
    head, body = wire.lengths(packed[:8])
    assert len(packed) == 8 + head + body
    got = wire.parse_request(packed[8 : 8 + head], packed[8 + head :])
    assert (got.task, got.phrases) == (sent.task, sent.phrases)
    assert np.array_equal(got.samples, sent.samples)


def test_an_answer_arrives_as_it_was_sent() -> None:
    sent = wire.Answer("yes", -1.25, "naïve\nerror")
    packed = wire.pack_answer(sent)
    assert wire.lengths(packed[:8]) == (len(packed) - 8, 0)
    assert wire.parse_answer(packed[8:]) == sent


def test_what_is_not_ours_is_refused_before_it_is_waited_for() -> None:
    with pytest.raises(ValueError, match="expected at most"):
        wire.lengths(b"HTTP/1.1")
