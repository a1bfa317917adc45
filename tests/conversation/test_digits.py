import pytest

from ari_app.conversation.digits import Digits


@pytest.mark.parametrize(
    ("pause", "duration", "taken"),
    [(0.13, 0.1, False), (0.15, 0.1, True), (0.3, 0.4, False), (0.0, 0.0, False)],
)
def test_an_equal_digit_within_its_duration_and_40_ms_is_an_echo(
    pause: float, duration: float, taken: bool
) -> None:
    digits = Digits()
    assert digits.press("5", 0.1, 1.0)
    assert digits.press("5", duration, 1.0 + pause) is taken


def test_another_digit_is_never_an_echo() -> None:
    digits = Digits()
    assert digits.press("5", 0.1, 1.0)
    assert digits.press("6", 0.1, 1.0)


def test_keys_wait_in_their_order_until_they_are_taken() -> None:
    digits = Digits()
    for at, digit in enumerate("112#"):
        digits.press(digit, 0.1, float(at))
    digits.press("#", 0.1, 3.05)
    assert digits.untold == digits.take() == "112#"
    assert digits.untold == digits.take() == ""


def test_masked_keys_are_shown_as_dots() -> None:
    digits = Digits()
    assert digits.shown("12#") == "12#"
    digits.masked = True
    assert digits.shown("12#") == "•••"
