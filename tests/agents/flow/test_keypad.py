"""What keys mean, key by key."""

import pytest

from ari_app.agents.flow.keypad import KEY_PAUSE, Keypad, Meaning, Number, Wrong
from ari_app.agents.flow.model import Ask, Choice, Digits

ONE, TWELVE, STAR = Choice("one", "x", "1"), Choice("right", "x", "22"), Choice("star", "x", "*")
MENU = Ask("?", "?", choices=(ONE, TWELVE, STAR))
PIN = Ask("?", "?", digits=Digits(4, 4))
AMOUNT = Ask("?", "?", digits=Digits(2, 5, terminator="*", timeout=2.0))


def pressed(ask: Ask, keys: str) -> Meaning:
    keypad = Keypad()
    return [keypad.press(ask, key, 0.0) for key in keys][-1]


@pytest.mark.parametrize(
    ("ask", "keys", "meaning"),
    [
        (MENU, "1", ONE),
        (MENU, "2", None),
        (MENU, "22", TWELVE),
        (MENU, "21", Wrong()),
        (MENU, "9", Wrong()),
        (MENU, "*", STAR),
        (PIN, "123", None),
        (PIN, "1234", Number("1234")),
        (PIN, "12#", Wrong()),
        (PIN, "1*", Wrong()),
        (AMOUNT, "1*", Wrong()),
        (AMOUNT, "12*", Number("12")),
        (AMOUNT, "12345", Number("12345")),
        (AMOUNT, "12#", Wrong()),
    ],
)
def test_meaning(ask: Ask, keys: str, meaning: Meaning) -> None:
    assert pressed(ask, keys) == meaning


def test_time_runs_from_the_last_key() -> None:
    keypad = Keypad()
    keypad.press(AMOUNT, "1", 10.0)
    assert keypad.due == 12.0
    keypad.press(AMOUNT, "2", 11.0)
    assert keypad.due == 13.0
    assert keypad.pause(AMOUNT) == Number("12")
    assert keypad.due is None


def test_keys_that_stay_incomplete_are_wrong() -> None:
    keypad = Keypad()
    keypad.press(MENU, "2", 10.0)
    assert keypad.due == 10.0 + KEY_PAUSE
    assert keypad.pause(MENU) == Wrong()


def test_a_terminator_after_a_full_number_is_forgiven_once() -> None:
    keypad = Keypad()
    for key in "1234":
        keypad.press(PIN, key, 0.0)
    keypad.clear()
    assert keypad.press(PIN, "#", 0.5) is None
    assert not keypad
    assert keypad.press(PIN, "#", 0.6) == Wrong()


def test_a_terminator_that_the_next_menu_knows_is_its_key() -> None:
    keypad = Keypad()
    for key in "12345":
        keypad.press(AMOUNT, key, 0.0)
    keypad.clear()
    assert keypad.press(MENU, "*", 0.5) == STAR
