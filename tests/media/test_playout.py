import numpy as np
import pytest

from ari_app.media.playout import Playout
from ari_app.media.rows import Rows
from ari_app.media.values import Played, Samples

ROW = 1
FRAME = 160


def speech(frames: float, first: int = 1) -> Samples:
    """Audio whose samples count up from `first`."""
    return np.arange(first, first + round(frames * FRAME), dtype=np.int16)


class Player:
    """A row that is sent frame by frame."""

    def __init__(self, far_delay: float = 0.06) -> None:
        self.rows = Rows(2)
        self.playout = Playout(self.rows, far_delay)
        self.played: list[Played] = []

    def say(self, item: str, samples: Samples) -> None:
        self.playout.play(ROW, item, samples)

    def finish(self, item: str) -> None:
        self.playout.finish(ROW, item)

    def send(self, frames: int = 1) -> Samples:
        out = np.full((frames, FRAME), -1, np.int16)
        for frame in out:
            self.played += self.playout.next(ROW, frame)
        return out.reshape(-1)

    def flush(self) -> list[Played]:
        return self.playout.flush(ROW)


@pytest.fixture
def player() -> Player:
    return Player()


def test_silence_when_there_is_nothing_to_say(player: Player) -> None:
    assert not player.send(3).any()
    assert player.played == []


def test_audio_comes_out_as_it_went_in_however_it_was_cut(player: Player) -> None:
    whole = speech(3)
    for begin, end in ((0, 7), (7, 300), (300, 480)):
        player.say("a", whole[begin:end])
    assert np.array_equal(player.send(3), whole)


def test_items_play_one_after_the_other_in_the_order_of_their_beginnings(player: Player) -> None:
    player.say("a", speech(1, 1))
    player.say("b", speech(1, 1001))
    player.say("a", speech(1, 161))
    player.finish("a")
    player.finish("b")
    assert np.array_equal(player.send(3), np.concatenate([speech(2), speech(1, 1001)]))


def test_the_next_item_waits_until_the_one_before_is_complete(player: Player) -> None:
    player.say("a", speech(1))
    player.say("b", speech(1, 1001))
    assert not player.send(2)[FRAME:].any()
    player.finish("a")
    assert np.array_equal(player.send(), speech(1, 1001))


def test_part_of_a_frame_waits_for_the_rest_and_is_filled_up_at_the_end(player: Player) -> None:
    player.say("a", speech(1.5))
    assert np.array_equal(player.send(), speech(1))
    assert not player.send().any()
    player.finish("a")
    last = player.send()
    assert np.array_equal(last[:80], speech(0.5, 161))
    assert not last[80:].any()


def test_played_is_what_was_sent_less_what_the_far_side_holds(player: Player) -> None:
    player.say("a", speech(10))
    player.send(7)
    assert player.flush() == [Played("a", 4 * 0.02, "cut")]


def test_progress_is_told_at_the_beginning_and_every_200_ms(player: Player) -> None:
    player.say("a", speech(50))
    player.send(50)
    assert [(p.seconds, p.state) for p in player.played] == [
        (pytest.approx(seconds), "playing") for seconds in (0.02, 0.22, 0.42, 0.62, 0.82)
    ]


def test_finished_is_told_when_all_of_it_was_heard(player: Player) -> None:
    player.say("a", speech(2.5))
    player.finish("a")
    player.send(5)
    assert [p.state for p in player.played] == ["playing"]
    player.send()
    assert player.played[-1] == Played("a", 2.5 * 0.02, "finished")


def test_with_no_far_delay_a_frame_is_played_when_it_is_sent() -> None:
    player = Player(far_delay=0.0)
    player.say("a", speech(1))
    player.finish("a")
    player.send()
    assert player.played == [Played("a", 0.02, "finished")]


def test_an_item_without_audio_is_finished_in_its_turn(player: Player) -> None:
    player.say("a", speech(1))
    player.finish("empty")
    player.send(6)
    assert [p.item for p in player.played] == ["a"]
    player.finish("a")
    player.send()
    assert player.played[1:] == [Played("a", 0.02, "finished"), Played("empty", 0, "finished")]


def test_paused_is_silent_and_resumed_goes_on_where_it_was(player: Player) -> None:
    player.say("a", speech(4))
    first = player.send(2)
    player.playout.pause(ROW)
    assert not player.send(5).any()
    player.playout.resume(ROW)
    assert np.array_equal(np.concatenate([first, player.send(2)]), speech(4))


def test_a_rewind_repeats_and_is_not_counted_twice(player: Player) -> None:
    player.say("a", speech(20))
    player.finish("a")
    player.send(12)
    player.playout.pause(ROW)
    player.send(5)
    player.playout.resume(ROW, rewind=0.2)
    assert np.array_equal(player.send(1), speech(1, 1 + 2 * FRAME))
    assert player.flush() == [Played("a", 12 * 0.02, "cut")]


def test_a_rewind_ends_at_the_beginning_of_the_item(player: Player) -> None:
    player.say("a", speech(4))
    player.send(2)
    player.playout.pause(ROW)
    player.playout.resume(ROW, rewind=5.0)
    assert np.array_equal(player.send(1), speech(1))


def test_a_rewind_reaches_an_item_that_was_all_said_but_not_heard(player: Player) -> None:
    player.say("a", speech(2))
    player.finish("a")
    player.send(2)
    player.playout.resume(ROW, rewind=0.02)
    assert np.array_equal(player.send(1), speech(1, 161))


def test_what_is_repeated_is_said_to_its_end_before_the_item_is_finished(player: Player) -> None:
    player.say("a", speech(20))
    player.finish("a")
    player.send(20)
    player.playout.resume(ROW, rewind=0.2)
    assert np.array_equal(player.send(10), speech(10, 1 + 10 * FRAME))
    assert player.played[-1] == Played("a", 0.4, "finished")


def test_a_flush_cuts_every_item_and_silence_follows(player: Player) -> None:
    player.say("a", speech(2))
    player.finish("a")
    player.say("b", speech(9))
    player.say("c", speech(9))
    player.send(4)
    assert player.flush() == [
        Played("a", 0.02, "cut"),
        Played("b", 0.0, "cut"),
        Played("c", 0.0, "cut"),
    ]
    player.played.clear()
    assert not player.send(10).any()
    assert player.played == []


def test_audio_of_an_item_that_is_over_is_not_played(player: Player) -> None:
    player.say("a", speech(2))
    player.flush()
    player.say("a", speech(2))
    player.finish("a")
    assert not player.send(2).any()
    player.say("b", speech(1))
    player.finish("b")
    player.send(8)
    player.say("b", speech(1))
    assert not player.send().any()
    assert [p.item for p in player.played if p.state == "finished"] == ["b"]


def test_ready_says_whether_the_next_frame_is_speech(player: Player) -> None:
    def ready() -> bool:
        return bool(player.rows.ready[ROW])

    assert not ready()
    player.say("a", speech(0.5))
    assert not ready()
    player.say("a", speech(0.5))
    assert ready()
    player.playout.pause(ROW)
    assert not ready()
    player.playout.resume(ROW)
    assert ready()
    player.send()
    assert not ready()
