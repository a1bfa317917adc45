"""Names of what we make on the PBX."""

import pytest

from ari_app.call.ids import Name, Owner, parse

OURS = Owner("attendant", 3)


def test_a_name_tells_whose_it_is() -> None:
    text = OURS.name("01k2", "m", 7)
    assert text == "attendant.3.01k2.m7"
    assert parse(text) == Name(OURS, "01k2", "m", 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1700000000.12",
        "attendant.3.01k2.x7",
        "attendant.3.01k2",
        "other app.3.k.m1",
        "attendant.3.01k2.m7 ",
    ],
)
def test_others_names_are_not_ours(text: str) -> None:
    assert parse(text) is None
