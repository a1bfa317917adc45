"""What a listener gets, told by scenarios in letters, one for each 20 ms of the sender.

P packet arrives · L packet is lost · D packet arrives twice · S swapped with the next one
T silence: the sender sends nothing (DTX), its timestamp goes on
J packet is held up in the network and arrives with the next P
K a key of 160 ms: nothing for us, the sequence goes on by 19, the timestamp with time
R another source begins · W from now on the network takes 100 ms more

The listener's frames: v voice · c concealed · f filled. Streams begin just before both wraps.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.media.reorder import Frames, Voice
from ari_app.media.rows import Rows
from ari_app.media.stream import Heard, Stream
from ari_app.media.values import FrameHeard, StreamHeard, StreamQuiet
from tests.support.netem import Conditions, Network

BEAT = 0.004
LOUD = 1000
Arrivals = list[tuple[float, Voice]]


class Sender:
    """Makes the packets of a scenario; the samples of packet n are all 1000 + n."""

    def __init__(self, size: int = 160) -> None:
        self.sequence, self.timestamp, self.ssrc = 0xFFFD, 2**32 - 320, 7
        self.size = size
        self.now = 0.0
        self.number = 0

    def packet(self) -> Voice:
        samples = np.full(self.size, LOUD + self.number, np.int16)
        packet = Voice(self.sequence % 2**16, self.timestamp % 2**32, self.ssrc, samples)
        self.sequence += 1
        self.number += 1
        self.pass_time(self.size)
        return packet

    def pass_time(self, samples: int) -> None:
        self.timestamp += samples
        self.now += samples / 8000

    def act(self, scenario: str) -> Arrivals:
        arrivals: Arrivals = []
        held: list[Voice] = []
        for letter in scenario:
            if letter == "T":
                self.pass_time(160)
                continue
            if letter == "W":
                self.now += 0.1
                continue
            if letter == "K":
                self.sequence += 19
                self.pass_time(8 * 160)
                continue
            if letter == "R":
                self.ssrc, self.sequence, self.timestamp = self.ssrc + 1, 500, 12345
            packet = self.packet()
            if letter in "JS":
                held.append(packet)
            elif letter != "L":
                arriving = [packet] * (2 if letter == "D" else 1)
                if letter == "P" and held:
                    arriving = [packet, *held] if scenario.count("S") else [*held, packet]
                    held = []
                arrivals += [(self.now, one) for one in arriving]
        return arrivals


class Listener:
    """A row, and what was heard there, as the beat would drive it."""

    def __init__(self) -> None:
        self.rows = Rows(2)
        self.row = 1
        self.stream = Stream(self.rows)
        self.stream.connect(self.row, 0.0)
        self.events: list[tuple[float, Heard]] = []

    def take(self, packet: Voice, now: float) -> list[Heard]:
        return self.stream.push(self.row, packet, now)

    def due(self, now: float) -> list[Heard]:
        return self.stream.due(self.row, now)

    def hear(self, arrivals: Arrivals, until: float) -> "Listener":
        waiting = sorted(arrivals, key=lambda arrival: arrival[0])
        for beat in range(round(until / BEAT) + 1):
            now = beat * BEAT
            while waiting and waiting[0][0] <= now + 1e-9:
                self._note(now, self.take(waiting.pop(0)[1], now))
            for row in self.stream.due_rows(now).tolist():
                assert row == self.row
                self._note(now, self.due(now))
        return self

    def _note(self, now: float, heard: list[Heard]) -> None:
        self.events += [(now, event) for event in heard]

    @property
    def frames(self) -> list[FrameHeard]:
        return [event for _, event in self.events if isinstance(event, FrameHeard)]

    @property
    def kinds(self) -> str:
        return "".join(frame.kind[0] for frame in self.frames)

    @property
    def voices(self) -> list[int]:
        return [int(f.samples[-1]) - LOUD for f in self.frames if f.kind == "voice"]

    def count(self, column: str) -> int:
        return int(getattr(self.rows, column)[self.row])


class MatrixListener(Listener):
    """The same, by the path that takes many packets at once."""

    def take(self, packet: Voice, now: float) -> list[Heard]:
        if len(packet.samples) != 160:
            return super().take(packet, now)
        frames = Frames(
            np.array([self.row]),
            np.array([packet.sequence]),
            np.array([packet.timestamp]),
            np.array([packet.ssrc]),
            packet.samples.reshape(1, -1),
        )
        [usual], heard = self.stream.push_frames(frames, now)
        return [*heard] if usual else super().take(packet, now)

    def due(self, now: float) -> list[Heard]:
        [usual], silence = self.stream.fill_frames(np.array([self.row]), now)
        return [*silence] if usual else super().due(now)


@pytest.mark.parametrize(
    ("scenario", "kinds"),
    [
        ("PPPPPPPP", "vvvvvvvv"),
        ("PPPLPPPP", "vvvcvvvv"),
        ("PPLLPPPP", "vvccvvvv"),
        ("PDPDPPPP", "vvvvvvvv"),
        ("PPSPPPPP", "vvvvvvvv"),
        ("PPJJPPPP", "vvvvvvvv"),
        ("PPTPPPPP", "vvfvvvvv"),
        ("PPTTTTTTPPPP", "vvffffffvvvv"),
        ("PPKPPPPP", "vvffffffffvvvvv"),
        ("PPLTTTTTPPPP", "vvffffffvvvv"),
        ("PPPRPPPP", "vvvcvvvv"),
        ("PPPLRPPP", "vvvcvvv"),
        ("PPLLLLLLLLLLPPPPPPPP", "vvffffffffffvvvvvvvv"),
        ("PPPWPPPLPPPP", "vvvfffffvvvcvvvv"),
    ],
)
@pytest.mark.parametrize("kind", [Listener, MatrixListener])
def test_scenario(scenario: str, kinds: str, kind: type[Listener]) -> None:
    sender = Sender()
    arrivals = sender.act(scenario)
    listener = kind().hear(arrivals, sender.now)
    assert listener.kinds == kinds
    assert listener.count("late") == scenario.count("R")  # the one that was not believed


@pytest.mark.parametrize("stall", ["JJJJJ", "JJJJJJJJJJ"])
def test_a_stall_of_the_network_costs_no_word_and_is_paid_back(stall: str) -> None:
    """Silence stood for packets that then came: less silence stands in the next pause."""
    sender = Sender()
    listener = Listener().hear(sender.act("PPP" + stall + "PPP" + "T" * 20 + "PPP"), sender.now)
    assert listener.voices == list(range(9 + len(stall)))
    assert len(listener.frames) == pytest.approx(sender.now / 0.02, abs=1)


def test_where_nobody_pauses_a_stall_is_paid_back_with_quiet_frames() -> None:
    sender = Sender()
    arrivals = sender.act("PPP" + "J" * 10 + "P" * 20)
    for _ in range(20):
        packet = sender.packet()
        packet.samples[:] = 3
        arrivals.append((sender.now, packet))
    listener = Listener().hear(arrivals, sender.now)
    assert listener.voices[:33] == list(range(33))
    assert 0 <= len(listener.frames) - sender.now / 0.02 <= 3
    assert listener.count("left_out") > 0


def test_media_time_is_continuous_from_the_connection_on() -> None:
    sender = Sender()
    sender.pass_time(1600)  # the first packet comes late
    listener = Listener().hear(sender.act("PPLPTTTTTTPPKPP"), sender.now)
    assert [frame.at for frame in listener.frames] == pytest.approx(
        [0.02 * number for number in range(len(listener.frames))]
    )
    assert listener.kinds.startswith("ffffffffffvv") or listener.kinds.startswith("fffffffffvv")


def test_silence_is_given_out_in_real_time_60_ms_after_the_last_packet() -> None:
    sender = Sender()
    listener = Listener().hear(sender.act("PPPPP"), 1.0)
    times = [at for at, event in listener.events if getattr(event, "kind", "") == "filled"]
    assert times[0] == pytest.approx(0.1 + 0.06)
    assert times[-1] == pytest.approx(1.0)
    assert len(listener.frames) == 50


def test_filled_frames_fade_to_silence_and_are_neither_lost_nor_concealed() -> None:
    sender = Sender()
    listener = Listener().hear(sender.act("PP" + "T" * 100 + "PP"), sender.now)
    filled = [frame for frame in listener.frames if frame.kind == "filled"]
    assert len(filled) == listener.count("filled") == 100
    assert not any(frame.samples.any() for frame in filled[3:])
    assert listener.count("lost") == listener.count("concealed") == 0


@pytest.mark.parametrize("scenario", ["PPPPPTTTTTTTTTTPPPPP", "PPPPPKPPPPP", "PPPPPLLLLLLPPPPP"])
def test_a_voice_that_stops_or_returns_makes_no_click(scenario: str) -> None:
    sender = Sender()
    arrivals = sender.act(scenario)
    for at, packet in arrivals:
        packet.samples[:] = 8000 * np.cos(2 * np.pi * 200 * (at + np.arange(160) / 8000))
    steepest = np.abs(np.diff(arrivals[2][1].samples)).max()
    heard = np.concatenate([frame.samples for frame in Listener().hear(arrivals, 0.5).frames])
    first = int(np.flatnonzero(heard)[0])  # a voice that begins loudly is the sender's affair
    assert np.abs(np.diff(heard[first:].astype(int))).max() <= 1.2 * steepest


def test_what_silence_stood_for_counts_as_concealed_once_it_is_known_to_be_lost() -> None:
    sender = Sender()
    listener = Listener().hear(sender.act("PPPPP" + "LLLPPPPPPP" * 20), sender.now)
    assert listener.count("lost") == listener.count("concealed") == 60
    assert listener.count("filled") == 0
    assert "f" in listener.kinds  # when it was given out nobody could know


@pytest.mark.parametrize("garbage", ["copy", "late", "another source", "wild"])
def test_packets_that_are_of_no_use_keep_no_stream_alive(garbage: str) -> None:
    sender = Sender()
    arrivals = sender.act("PPLPP")
    last = arrivals[-1][1]
    for number in range(100):
        useless = {
            "copy": last,
            "late": Voice(last.sequence - 2, last.timestamp - 320, 7, last.samples),
            "another source": Voice(7 * number, 0, 99, last.samples),
            "wild": Voice(last.sequence + 5000 + 7 * number & 0xFFFF, 0, 7, last.samples),
        }[garbage]
        arrivals.append((0.2 + 0.02 * number, useless))
    told = [(at, e) for at, e in Listener().hear(arrivals, 2.2).events if type(e) is not FrameHeard]
    assert told == [(pytest.approx(2.1), StreamQuiet(pytest.approx(2.0)))]
    assert Listener().hear(arrivals, 0.5).kinds == "vvcvv" + "f" * 20


def test_quiet_is_told_after_two_seconds_and_again_and_its_end_once() -> None:
    sender = Sender()
    listener = Listener().hear(sender.act("P" + "T" * 225 + "PPP"), sender.now)
    told = [(at, event) for at, event in listener.events if not isinstance(event, FrameHeard)]
    assert [event for _, event in told] == [
        StreamQuiet(pytest.approx(2.0)),
        StreamQuiet(pytest.approx(4.0)),
        StreamHeard(),
    ]
    assert [at for at, _ in told] == pytest.approx([2.02, 4.02, sender.now - 0.04])


def test_a_hole_is_given_up_on_time_although_nothing_was_due_when_it_came() -> None:
    sender, listener = Sender(), Listener()
    packets = [sender.packet() for _ in range(3)]
    listener.take(packets[0], 0.0)
    listener.rows.wait[listener.row] = 0.02
    assert not len(listener.stream.due_rows(0.0))
    listener.take(packets[2], 0.004)
    assert not len(listener.stream.due_rows(0.02))
    assert listener.stream.due_rows(0.024).tolist() == [listener.row]


def test_a_caller_who_never_sends_is_quiet_too() -> None:
    listener = Listener().hear([], 2.1)
    assert StreamQuiet(pytest.approx(2.0)) in [event for _, event in listener.events]
    assert listener.kinds == "f" * 105


def test_silence_that_is_expected_is_no_quiet_and_counts_from_its_end() -> None:
    listener = Listener()
    listener.stream.expect_silence(1, True, 0.5)
    listener.hear([], 5.0)
    assert all(isinstance(event, FrameHeard) for _, event in listener.events)
    listener.stream.expect_silence(1, False, 5.0)
    assert not any(isinstance(e, StreamQuiet) for e in listener.stream.due(1, 6.9))
    assert StreamQuiet(pytest.approx(2.0)) in listener.stream.due(1, 7.0)


@pytest.mark.parametrize("size", [80, 160, 240, 320, 480])
def test_packets_of_any_length_become_frames_of_20_ms(size: int) -> None:
    sender = Sender(size)
    arrivals = sender.act("P" * 12)
    listener = Listener().hear(arrivals, sender.now)
    assert listener.kinds == "v" * (12 * size // 160)
    sent = np.concatenate([packet.samples for _, packet in arrivals])
    assert np.array_equal(np.concatenate([f.samples for f in listener.frames]), sent)


def test_a_lost_packet_of_30_ms_keeps_the_time() -> None:
    sender = Sender(240)
    listener = Listener().hear(sender.act("PPPPLPPPPP"), sender.now)
    assert len(listener.frames) == 15
    assert listener.count("lost") == 1
    assert listener.count("concealed") in (1, 2)


def test_a_wild_leap_of_sequence_and_time_makes_no_audio() -> None:
    sender = Sender()
    arrivals = sender.act("PPP")
    sender.sequence += 2000
    sender.timestamp += 2000 * 160
    arrivals += sender.act("PPP")
    listener = Listener().hear(arrivals, sender.now)
    assert len(listener.frames) <= 17  # 200 ms are believed at most, not 40 s


networks = st.builds(
    Conditions,
    delay=st.floats(0, 0.2),
    jitter=st.floats(0, 0.008),
    loss=st.floats(0, 0.2),
    duplicate=st.floats(0, 0.2),
    reorder=st.floats(0, 0.2),
)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32), conditions=networks, scenario=st.text("PPPTTKRDJJW", max_size=60)
)
def test_many_packets_at_once_are_heard_as_one_by_one(
    seed: int, conditions: Conditions, scenario: str
) -> None:
    arrivals = list(Network(conditions, seed=seed).carry(Sender().act("P" + scenario)))
    one, many = Listener().hear(arrivals, 3.0), MatrixListener().hear(arrivals, 3.0)
    assert one.kinds == many.kinds
    for mine, other in zip(one.frames, many.frames, strict=True):
        assert mine.at == other.at
        assert np.array_equal(mine.samples, other.samples)
    for listener in (one, many):
        listener.rows.part[1, listener.count("part_length") :] = 0  # what is left of older frames
    for name, column in vars(one.rows).items():
        if isinstance(column, np.ndarray):
            assert np.array_equal(column, getattr(many.rows, name)), name


@given(
    seed=st.integers(0, 2**32),
    conditions=networks,
)
def test_whatever_the_network_does_the_stream_is_unbroken_and_only_the_lost_is_concealed(
    seed: int, conditions: Conditions
) -> None:
    sender = Sender()
    packets = [(sender.now, sender.packet()) for _ in range(100)]
    network = Network(conditions, seed=seed)
    arrivals = [(at, packet) for at, packet in network.carry(packets)]
    listener = Listener().hear(arrivals, 3.0)
    arrived = {int(packet.samples[0]) - LOUD for _, packet in arrivals}
    assert listener.voices == sorted(listener.voices)
    assert len(set(listener.voices)) == len(listener.voices)
    assert listener.count("late") + len(listener.voices) == len(arrived)
    lost = set(range(min(arrived), max(arrived))) - arrived
    assert listener.count("concealed") <= len(lost) + listener.count("late")
    assert [round(f.at / 0.02) for f in listener.frames] == list(range(len(listener.frames)))
    assert abs(len(listener.frames) - 150) <= 1
