"""Where the caller goes, and why."""

import pytest

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.departure import Departure
from ari_app.call.settings import Extension

MAILBOX = Extension("transfer", "mailbox")


@pytest.fixture
def departure() -> Departure:
    return Departure(Extension("fallback", "s"), {"mailbox": MAILBOX})


def test_a_destination_that_fails_is_followed_by_the_fallback_once(departure: Departure) -> None:
    assert departure.choose("mailbox")
    assert departure.command() == c.HandBack("transfer", "mailbox")
    assert departure.outcome == "handed over to mailbox"
    assert departure.retreat()
    assert departure.command() == c.HandBack("fallback", "s")
    assert departure.outcome == "handed over to mailbox, which failed: fallback"
    assert not departure.retreat()
    assert departure.outcome == "handed over to mailbox, which failed: fallback"


def test_an_unknown_destination_changes_nothing(departure: Departure) -> None:
    assert not departure.choose("moon")
    assert departure.command() == c.HandBack("fallback", "s")
    assert departure.outcome == ""


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (e.HandOverAsked("moon"), "fallback: no destination is named 'moon'"),
        (e.AgentFailed("no voice"), "fallback: AgentFailed: no voice"),
        (e.Refused(c.Answer(), "500"), "fallback: Answer refused: 500"),
        (e.Unknown(c.OpenBridge("b")), "fallback: OpenBridge unknown"),
        (e.Drained(), "fallback: Drained"),
    ],
)
def test_the_outcome_says_why(departure: Departure, event: e.Event, outcome: str) -> None:
    departure.choose("mailbox")
    departure.fall_back(event)
    assert departure.outcome == outcome
    assert departure.command() == c.HandBack("fallback", "s")
