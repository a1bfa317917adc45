from ari_app.conversation.stream_time import StreamTime


def test_both_ways_from_the_newest_sighting() -> None:
    stream = StreamTime()
    stream.reached(1.0, 101.0)
    stream.reached(10.0, 110.5)  # the clocks drift
    assert stream.at(111.0) == 10.5
    assert stream.when(9.0, 111.0) == 109.5


def test_before_the_stream_began() -> None:
    stream = StreamTime()
    assert stream.at(5.0) == 0.0
    assert stream.when(3.0, 5.0) == 5.0


def test_nothing_that_is_told_lies_in_the_future() -> None:
    stream = StreamTime()
    stream.reached(1.0, 101.0)
    assert stream.when(2.0, 101.5) == 101.5
