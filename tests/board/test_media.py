"""The asyncio side of a media alone: what it tells the beat, what it keeps for its reader."""

import numpy as np

from ari_app.board import messages
from ari_app.board.media import LONGEST, BoardMedia
from ari_app.board.messages import Message
from ari_app.media.values import (
    Audio,
    FrameHeard,
    MediaStatistics,
    Played,
    StreamClosed,
    StreamQuiet,
    TapPair,
)

FRAME = np.zeros(160, np.int16)
CLOSED = StreamClosed(MediaStatistics())


def opened() -> tuple[BoardMedia, list[Message]]:
    told: list[Message] = []
    return BoardMedia("m", 3, "ulaw", told.append), told


def test_every_verb_is_a_message_in_order() -> None:
    media, told = opened()
    media.connect(("127.0.0.1", 4000))
    media.finish("a")
    media.pause()
    media.resume(0.2)
    media.flush()
    media.expect_silence(True)
    media.close()
    media.pause()
    assert told == [
        messages.Open(3, "m", "ulaw"),
        messages.Connect(3, ("127.0.0.1", 4000)),
        messages.Finish(3, "a"),
        messages.Pause(3),
        messages.Resume(3, 0.2),
        messages.Flush(3),
        messages.ExpectSilence(3, True),
        messages.Close(3),
    ]


def test_audio_reaches_the_beat_at_8_khz() -> None:
    media, told = opened()
    media.play("a", Audio(np.zeros(480, np.int16), 24000))
    assert isinstance(told[1], messages.Play)
    assert told[1].samples.shape == (160,)


async def test_catching_up_skips_frames_and_nothing_else() -> None:
    media, _ = opened()
    news = [StreamQuiet(2.0), FrameHeard(FRAME, 0.02)]
    media.deliver(FrameHeard(FRAME, 0.0))
    media.deliver(news[0])
    media.catch_up()
    media.deliver(news[1])
    media.deliver(CLOSED)
    assert [event async for event in media.events()] == [*news, CLOSED]


async def test_events_are_read_in_order() -> None:
    media, _ = opened()
    events = [
        FrameHeard(FRAME, 0.0),
        Played("a", 0.02, "playing"),
        FrameHeard(FRAME, 0.02),
        FrameHeard(FRAME, 0.04),
        StreamQuiet(2.0),
        CLOSED,
    ]
    for event in events:
        media.deliver(event)
    assert [event async for event in media.events()] == events


async def test_where_nobody_reads_old_frames_are_dropped_and_nothing_else() -> None:
    media, _ = opened()
    media.deliver(Played("a", 0.02, "playing"))
    for number in range(LONGEST + 5):
        media.deliver(FrameHeard(FRAME, number * 0.02))
    media.deliver(CLOSED)
    events = [event async for event in media.events()]
    assert media.dropped == 5
    assert events[0] == Played("a", 0.02, "playing")
    assert events[-1] == CLOSED
    assert len(events) == LONGEST + 2


async def test_the_beat_is_asked_for_pairs_only_while_somebody_taps() -> None:
    media, told = opened()
    first, second = media.tap(), media.tap()
    media.deliver(TapPair(0.0, FRAME, FRAME))
    first.close()
    second.close()
    assert told[1:] == [messages.Listen(3, True), messages.Listen(3, False)]
    assert len([pair async for pair in first.pairs()]) == 1
    assert len([pair async for pair in second.pairs()]) == 1


async def test_a_tap_of_a_closed_media_is_at_its_end() -> None:
    media, _ = opened()
    media.deliver(CLOSED)
    assert [pair async for pair in media.tap().pairs()] == []
