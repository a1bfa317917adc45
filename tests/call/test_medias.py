"""Which media carries the call."""

from itertools import permutations

import pytest

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.holdings import Holdings
from ari_app.call.ids import Owner
from ari_app.call.medias import Medias


@pytest.fixture
def medias() -> Medias:
    return Medias(Holdings(Owner("attendant", 1), "k"), "ulaw")


def ready(medias: Medias, *events: e.Event) -> list[bool]:
    return [medias.ready_after(event) for event in events]


def test_it_is_ready_with_the_last_part_in_whatever_order_they_come() -> None:
    for order in permutations(range(4)):
        fresh = Medias(Holdings(Owner("attendant", 1), "k"), "ulaw")
        opening = fresh.open()
        parts: list[e.Event] = [
            e.Done(opening),
            e.MediaJoined(opening.media),
            e.Done(c.OpenBridge("b")),
            e.AgentReady(),
        ]
        assert ready(fresh, *(parts[index] for index in order)) == [False, False, False, True]


def test_a_replacement_needs_only_a_media_of_its_own(medias: Medias) -> None:
    first = medias.open()
    ready(medias, e.Done(first), e.MediaJoined(first.media), e.AgentReady())
    assert medias.ready_after(e.Done(c.OpenBridge("b")))
    assert medias.move_on() == ""
    second = medias.open()
    assert (medias.current, medias.next) == (first.media, second.media)
    assert ready(medias, e.MediaJoined(second.media), e.Done(second)) == [False, True]
    assert medias.move_on() == first.media
    assert (medias.current, medias.next) == (second.media, "")


def test_late_news_of_a_replaced_media_is_none(medias: Medias) -> None:
    first = medias.open()
    ready(medias, e.AgentReady(), e.Done(c.OpenBridge("b")))
    second = medias.open()
    assert ready(medias, e.Done(first), e.MediaJoined(first.media)) == [False, False]
    assert ready(medias, e.Done(second), e.MediaJoined(second.media)) == [False, True]
