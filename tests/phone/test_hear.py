import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.media.rtp import Packet, TelephoneEvent
from ari_app.phone.hear import Hear
from ari_app.phone.talk import Talk
from tests.support.audio import tone


def test_audio_is_placed_by_its_timestamps_in_spite_of_jitter() -> None:
    talk, hear, sound = Talk(1, 0, 0), Hear(), tone(440, 0.2)
    talk.play(sound)
    jitter = [0.0, 0.03, 0.001, 0.04, 0.0, 0.02, 0.0, 0.0, 0.01, 0.0]
    for n, late in enumerate(jitter):
        for data in talk.tick():
            hear.receive(data, 10.0 + 0.02 * n + late)
    heard = hear.audio.between(9.9, 10.3)
    assert not heard[:800].any()
    assert np.abs(heard[800:2400].astype(int) - sound).max() < 300
    assert not heard[2400:].any()
    assert [p.at for p in hear.packets][:2] == pytest.approx([10.0, 10.05])
    assert hear.packets[0].marker
    assert hear.packets[0].length == 160


def test_each_key_is_read_once() -> None:
    talk, hear = Talk(1, 0, 0), Hear()
    talk.press("11#", 0.1, 0.06)
    n = 0
    while talk.pressing:
        n += 1
        for data in talk.tick():
            hear.receive(data, 0.02 * n)
    assert hear.digits == "11#"


def test_an_event_that_is_no_key_is_passed_over() -> None:
    hear = Hear()
    hear.receive(bytes(Packet(101, 0, 0, 1, bytes(TelephoneEvent(16, 400)))), 0.0)
    assert hear.digits == ""


@given(st.binary(max_size=40))
def test_noise_is_counted_or_heard_but_never_an_error(data: bytes) -> None:
    hear = Hear()
    hear.receive(data, 1.0)
    assert hear.malformed + len(hear.packets) == 1
