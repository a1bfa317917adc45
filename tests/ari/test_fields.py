"""Fields of JSON are read by type, or refused as MalformedPacket and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.ari import fields
from ari_app.ari.generated.events import EVENTS
from ari_app.errors import MalformedPacket

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_right_types_are_read() -> None:
    data = {"t": "a", "w": 1, "r": 1, "f": True, "m": {"a": 1}, "l": ["a"]}
    assert fields.text(data, "t") == "a"
    assert fields.whole(data, "w") == 1
    assert isinstance(fields.real(data, "r"), float)
    assert fields.flag(data, "f") is True
    assert fields.mapping(data, "m") == {"a": 1}
    assert fields.texts(data, "l") == ("a",)


def test_absent_is_empty_or_none() -> None:
    assert (fields.text({}, "x"), fields.whole({}, "x"), fields.texts({}, "x")) == ("", 0, ())
    assert fields.maybe_text({}, "x") is None
    assert fields.maybe_flag({"x": None}, "x") is None


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (fields.text, 1),
        (fields.whole, True),
        (fields.whole, 1.5),
        (fields.real, "1"),
        (fields.flag, 0),
        (fields.mapping, []),
        (fields.texts, "ab"),
        (fields.texts, [1]),
    ],
)
def test_wrong_types_are_named(read: object, value: object) -> None:
    with pytest.raises(MalformedPacket, match="field: expected"):
        read({"field": value}, "field")  # type: ignore[operator]


KEYS = ["channel", "id", "args", "dialplan", "caller", "digit", "duration_ms", "cause", "bridge"]


@settings(deadline=None)
@given(
    st.sampled_from(sorted(EVENTS)),
    st.dictionaries(st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON)),
)
def test_no_json_breaks_a_parser_otherwise(kind: str, data: dict[str, object]) -> None:
    try:
        event = EVENTS[kind]({"type": kind, **data})
    except MalformedPacket:
        return
    assert event.type == kind
