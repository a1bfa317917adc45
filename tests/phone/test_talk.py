import numpy as np
import pytest

from ari_app.media.rtp import Packet, TelephoneEvent
from ari_app.phone.talk import Talk, decode, keys
from tests.support.audio import tone


def talk() -> Talk:
    return Talk(ssrc=7, sequence=65534, timestamp=2**32 - 160)


def ticks(one: Talk, count: int) -> list[list[Packet]]:
    return [[Packet.parse(data) for data in one.tick()] for _ in range(count)]


def test_silence_is_sent_when_there_is_nothing_to_say() -> None:
    packets = [packet for tick in ticks(talk(), 4) for packet in tick]
    assert [p.sequence for p in packets] == [65534, 65535, 0, 1]
    assert [p.timestamp for p in packets] == [2**32 - 160, 0, 160, 320]
    assert [p.marker for p in packets] == [True, False, False, False]
    assert all(np.abs(decode(p.payload, 0)).max() == 0 for p in packets)


def test_what_is_played_is_sent_and_its_last_frame_filled() -> None:
    one = talk()
    sound = tone(440, 0.05)
    one.play(sound)
    packets = [tick[0] for tick in ticks(one, 3)]
    assert not one.playing
    heard = np.concatenate([decode(p.payload, 0) for p in packets])
    assert np.abs(heard[:400].astype(int) - sound).max() < 300
    assert not heard[400:].any()


def test_a_muted_phone_sends_nothing_and_marks_what_follows() -> None:
    one = talk()
    ticks(one, 1)
    one.muted = True
    one.play(tone(440, 0.02))
    assert ticks(one, 5) == [[]] * 5
    assert one.playing, "the queue waits"
    one.muted = False
    ((packet,),) = ticks(one, 1)
    assert packet.marker
    assert packet.timestamp == 5 * 160
    assert packet.sequence == 65535


def test_a_key_has_updates_three_ends_and_one_timestamp() -> None:
    one = talk()
    ticks(one, 1)
    one.press("5", tone=0.1, gap=0.1)
    packets = [tick[0] for tick in ticks(one, 11)]
    events = [TelephoneEvent.parse(p.payload) for p in packets if p.payload_type == 101]
    assert [e.duration for e in events] == [160, 320, 480, 640, 800, 800, 800]
    assert [e.end for e in events] == [False] * 4 + [True] * 3
    assert {e.digit for e in events} == {"5"}
    assert {p.timestamp for p in packets[:7]} == {0}
    assert [p.marker for p in packets[:7]] == [True] + [False] * 6
    assert [p.payload_type for p in packets[7:]] == [0] * 4
    assert packets[7].timestamp == 7 * 160, "the clock goes on while a key is down"
    assert not one.pressing


@pytest.mark.parametrize(("tone_", "gap"), [(0.02, 0.0), (0.04, 0.02), (0.06, 0.04), (0.3, 1.0)])
def test_a_key_takes_its_time_and_always_ends_three_times(tone_: float, gap: float) -> None:
    ticks_ = keys(3, tone_, gap)
    assert len(ticks_) == round((tone_ + gap) / 0.02)
    events = [event for tick in ticks_ if tick is not None for event in tick.events]
    assert sum(event.end for event in events) == 3
    assert events[-1].duration == round(tone_ * 8000)


def test_only_keys_of_a_phone_can_be_pressed() -> None:
    with pytest.raises(ValueError, match="key 'X'"):
        talk().press("x", 0.1, 0.1)
