"""The board with real sockets on loopback. Stalls and the like: test_engine.py, without waiting."""

import asyncio
import itertools
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from ari_app.board.board import MediaBoard
from ari_app.board.media import BoardMedia
from ari_app.errors import BoardFull, ConfigError
from ari_app.media.g711 import CODECS
from ari_app.media.values import (
    Audio,
    FrameHeard,
    MediaEvent,
    MediaStatistics,
    Played,
    SpeechBegan,
    SpeechEnded,
    StreamClosed,
)
from tests.support.audio import silence, tone, voiced
from tests.support.rtp_peer import Arrival, RtpPeer


@pytest.fixture
async def board() -> AsyncIterator[MediaBoard]:
    async with MediaBoard(rows=8) as board:
        yield board


@pytest.fixture
async def peer() -> AsyncIterator[RtpPeer]:
    async with RtpPeer() as peer:
        yield peer


class Reader:
    """Reads a media's events into a list, until it is closed."""

    def __init__(self, media: BoardMedia) -> None:
        self._media = media
        self.events: list[MediaEvent] = []
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self._media.events():
            self.events.append(event)

    async def close(self) -> StreamClosed:
        self._media.close()
        async with asyncio.timeout(1):
            await self._task
        last = self.events[-1]
        assert isinstance(last, StreamClosed)
        return last

    @property
    def frames(self) -> list[FrameHeard]:
        return [event for event in self.events if isinstance(event, FrameHeard)]

    def of(self, kind: type[MediaEvent]) -> list[MediaEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def is_speech(arrival: Arrival) -> bool:
    return bool(CODECS["ulaw"].decode(np.frombuffer(arrival.packet.payload, np.uint8)).any())


def steps(arrivals: list[Arrival]) -> set[tuple[int, int]]:
    return {
        (
            (b.packet.sequence - a.packet.sequence) & 0xFFFF,
            (b.packet.timestamp - a.packet.timestamp) & 0xFFFFFFFF,
        )
        for a, b in itertools.pairwise(arrivals)
    }


async def test_silence_is_sent_first_and_50_times_a_second(
    board: MediaBoard, peer: RtpPeer
) -> None:
    media = board.open("m", "ulaw")
    media.connect(peer.address)
    begin = (await peer.received(1))[0].at
    await asyncio.sleep(begin + 1.01 - time.monotonic())
    assert len(peer.arrivals) == pytest.approx(51, abs=1)
    assert steps(peer.arrivals) == {(1, 160)}
    assert [a.packet.marker for a in peer.arrivals] == [True] + [False] * (len(peer.arrivals) - 1)
    assert {a.packet.payload for a in peer.arrivals} == {b"\xff" * 160}


@pytest.mark.parametrize("codec", ["ulaw", "alaw", "slin"])
async def test_both_directions_carry_what_was_said(board: MediaBoard, codec: str) -> None:
    said, answered = tone(440, 0.2), tone(660, 0.2)
    through = CODECS[codec]
    async with RtpPeer(codec) as peer:
        media = board.open("m", codec)
        reader = Reader(media)
        media.connect(peer.address)
        media.play("hello", Audio(answered))
        media.finish("hello")
        await peer.talk(said, board.address)
        await peer.received(16)
        await reader.close()
        sent = through.decode(through.encode(answered))
        begin = int(np.flatnonzero(peer.heard)[0]) // 160 * 160
        assert np.array_equal(peer.heard[begin : begin + 1600], sent)
    voice = [frame.samples for frame in reader.frames if frame.kind == "voice"]
    assert np.array_equal(np.concatenate(voice), through.decode(through.encode(said)))


async def test_speech_in_24_khz_is_resampled(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    media.connect(peer.address)
    reader = Reader(media)
    for piece in np.split(tone(440, 0.4, rate=24000), 8):
        media.play("a", Audio(piece, 24000))
    media.finish("a")
    await peer.received(28)
    await reader.close()
    speech = [arrival for arrival in peer.arrivals if is_speech(arrival)]
    assert len(speech) == 20
    assert Played("a", 0.4, "finished") in reader.events


async def test_an_item_has_one_rate(board: MediaBoard) -> None:
    media = board.open("m", "ulaw")
    media.play("a", Audio(silence(0.1)))
    with pytest.raises(ValueError, match="began with 8000 Hz, goes on with 24000 Hz"):
        media.play("a", Audio(silence(0.1), 24000))


async def test_a_pause_of_the_sender_is_filled_in_real_time(
    board: MediaBoard, peer: RtpPeer
) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    begin = time.monotonic()
    media.connect(peer.address)
    await peer.talk(tone(440, 0.2), board.address)
    await asyncio.sleep(0.4)
    peer.pause(0.4)
    await peer.talk(tone(440, 0.2), board.address)
    closed = await reader.close()
    elapsed = time.monotonic() - begin
    assert len(reader.frames) == pytest.approx(elapsed / 0.02, abs=3)
    assert [f.at for f in reader.frames] == pytest.approx(
        [0.02 * number for number in range(len(reader.frames))]
    )
    assert 17 <= closed.statistics.filled <= 22
    assert closed.statistics.lost == closed.statistics.concealed == 0


async def test_speech_edges_come_with_media_time(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    await peer.talk(silence(0.4), board.address)
    await peer.talk(voiced(0.5), board.address)
    await peer.talk(silence(0.4), board.address)
    await reader.close()
    [began], [ended] = reader.of(SpeechBegan), reader.of(SpeechEnded)
    assert isinstance(began, SpeechBegan)
    assert isinstance(ended, SpeechEnded)
    assert began.at == pytest.approx(0.4, abs=0.05)
    assert ended.at == pytest.approx(0.9, abs=0.09)


async def test_strangers_are_not_heard(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    async with RtpPeer() as stranger:
        await stranger.talk(tone(440, 0.1), board.address)
        came_from = stranger.address
    closed = await reader.close()
    assert board.strangers == 5
    assert board.last_stranger == came_from
    assert closed.statistics.received == 0
    assert not any(frame.samples.any() for frame in reader.frames)


async def test_garbage_is_counted_and_the_call_goes_on(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    garbage = [
        b"\x80",
        bytes(12),
        b"\x80\x00" + bytes(10),  # no payload
        b"\xff\x00" + bytes(158),
        b"\x80\x00" + bytes(10 + 481),
        b"\x80\x00" + bytes(3000),
        b"\x8f\x00" + bytes(30),
    ]
    for data in garbage:
        peer.send_raw(data, board.address)
    for _ in range(200):
        peer.send_raw(b"\x40" + secrets.token_bytes(secrets.randbelow(400)), board.address)
    await peer.talk(tone(440, 0.1), board.address)
    closed = await reader.close()
    assert closed.statistics.malformed == len(garbage) + 200
    assert closed.statistics.received == 5


async def test_payloads_of_another_type_are_left_alone(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    peer.send_raw(b"\x80\x65" + bytes(10) + bytes(4), board.address)  # telephone-event
    closed = await reader.close()
    assert (closed.statistics.received, closed.statistics.malformed) == (0, 0)


async def test_a_peer_that_is_gone_disturbs_nobody(board: MediaBoard, peer: RtpPeer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        gone = closed.getsockname()
    board.open("gone", "ulaw").connect(gone)
    board.open("m", "ulaw").connect(peer.address)
    await peer.received(25)
    assert steps(peer.arrivals) == {(1, 160)}


async def test_a_flood_does_not_starve_the_beat(board: MediaBoard, peer: RtpPeer) -> None:
    board.open("m", "ulaw").connect(peer.address)
    await peer.received(5)
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with flood:
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            for _ in range(100):
                flood.sendto(b"\x80\x00" + bytes(170), board.address)
            await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    times = [arrival.at for arrival in peer.arrivals]
    assert max(np.diff(times)) < 0.06
    assert steps(peer.arrivals) == {(1, 160)}


async def test_pause_resume_and_flush_take_effect_within_a_beat_of_the_lane(
    board: MediaBoard, peer: RtpPeer
) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    media.play("a", Audio(tone(440, 5.0)))
    await peer.received(20)
    for stop in (media.pause, media.flush):
        stop()
        count = len(peer.arrivals)
        await peer.received(count + 6)
        assert sum(is_speech(arrival) for arrival in peer.arrivals[count:]) <= 1
        if stop == media.pause:
            media.resume(rewind=0.1)
            count = len(peer.arrivals)
            await peer.received(count + 10)
            assert sum(is_speech(arrival) for arrival in peer.arrivals[count:]) >= 9
    assert steps(peer.arrivals) == {(1, 160)}
    await reader.close()
    cuts = [e for e in reader.of(Played) if isinstance(e, Played) and e.state == "cut"]
    assert [cut.item for cut in cuts] == ["a"]


async def test_played_is_exact_to_the_frame(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    reader = Reader(media)
    media.connect(peer.address)
    media.play("a", Audio(tone(440, 5.0)))
    await peer.received(30)
    media.flush()
    await asyncio.sleep(0.1)
    await reader.close()
    sent = sum(is_speech(arrival) for arrival in peer.arrivals)
    [cut] = [e for e in reader.of(Played) if isinstance(e, Played) and e.state == "cut"]
    assert cut.seconds == pytest.approx(sent * 0.02 - 0.06)


async def test_a_tap_pairs_what_was_heard_with_what_was_sent(
    board: MediaBoard, peer: RtpPeer
) -> None:
    media = board.open("m", "ulaw")
    tap = media.tap()
    media.connect(peer.address)
    media.play("a", Audio(tone(660, 0.3)))
    media.finish("a")
    await peer.talk(tone(440, 0.3), board.address)
    await asyncio.sleep(0.2)
    media.close()
    pairs = [pair async for pair in tap.pairs()]
    assert [pair.at for pair in pairs] == pytest.approx([0.02 * n for n in range(len(pairs))])
    assert len(pairs) >= 20
    for side, fading in ("caller", 3), ("agent", 0):
        loud = [bool(getattr(pair, side).any()) for pair in pairs]
        assert 15 <= sum(loud) <= 15 + fading
        assert loud.index(True) <= 3
    assert tap.dropped == 0


async def test_a_port_behind_address_translation_is_learnt_once(peer: RtpPeer) -> None:
    async with MediaBoard(rows=2, seen_as={"10.99.0.1": "127.0.0.1"}) as board:
        media = board.open("m", "ulaw")
        media.connect(("10.99.0.1", 9))
        await peer.talk(silence(0.06), board.address)
        await peer.received(3)
        async with RtpPeer() as late:
            await late.talk(silence(0.06), board.address)
            assert late.arrivals == []
        assert (board.settled, board.strangers) == (1, 3)


async def test_a_new_address_goes_on_with_the_same_stream(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    async with RtpPeer() as first:
        media.connect(first.address)
        last = (await first.received(5))[-1].packet
        media.connect(peer.address)
        following = (await peer.received(5))[0].packet
    assert 1 <= (following.sequence - last.sequence) & 0xFFFF <= 3
    assert following.ssrc == last.ssrc


async def test_rows_are_given_back(peer: RtpPeer) -> None:
    async with MediaBoard(rows=1) as board:
        first = board.open("a", "ulaw")
        with pytest.raises(BoardFull):
            board.open("b", "ulaw")
        await Reader(first).close()
        board.open("b", "ulaw").connect(peer.address)
        await peer.received(2)


async def test_closing_the_board_closes_every_media(peer: RtpPeer) -> None:
    interval = sys.getswitchinterval()
    async with MediaBoard(rows=3) as board:
        media, idle = board.open("a", "ulaw"), board.open("b", "alaw")
        media.connect(peer.address)
        await peer.received(2)
        readers = [Reader(media), Reader(idle)]
    await asyncio.sleep(0.01)
    assert all(isinstance(reader.events[-1], StreamClosed) for reader in readers)
    assert sys.getswitchinterval() == interval
    media.play("late", Audio(silence(0.1)))
    media.close()


async def test_verbs_before_the_connection_wait_for_it(board: MediaBoard, peer: RtpPeer) -> None:
    media = board.open("m", "ulaw")
    media.play("a", Audio(tone(440, 0.1)))
    await asyncio.sleep(0.05)
    media.connect(peer.address)
    assert is_speech((await peer.received(1))[0])


async def test_what_cannot_be_is_refused_with_a_reason(board: MediaBoard) -> None:
    with pytest.raises(ConfigError, match="'opus' is not spoken here; expected one of alaw, slin"):
        board.open("m", "opus")
    board.open("m", "ulaw")
    with pytest.raises(ValueError, match="'m' is open already"):
        board.open("m", "ulaw")
    with pytest.raises(ConfigError, match="cannot listen at 127"):
        await MediaBoard(port=board.address[1]).start()


async def test_the_address_is_what_is_advertised() -> None:
    async with MediaBoard(advertise="192.0.2.1") as board:
        assert board.address[0] == "192.0.2.1"
        assert board.address[1] > 0


async def test_who_asked_is_told_how_each_media_was_and_how_late_frames_left(
    peer: RtpPeer,
) -> None:
    closed: list[MediaStatistics] = []
    async with MediaBoard(rows=8, closed=closed.append) as board:
        assert sum(board.lateness.counts) == 0
        media = board.open("m", "ulaw")
        media.connect(peer.address)
        await peer.received(5)
        await Reader(media).close()
        assert sum(board.lateness.counts) >= 4
    assert len(closed) == 1
    assert closed[0].sent >= 5
