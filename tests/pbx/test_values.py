"""Values that could open a way around the dialplan's rules are refused, saying what is expected."""

import pytest

from ari_app.errors import ConfigError
from ari_app.pbx.values import PbxValues, emergency_match


def values(**changed: object) -> PbxValues:
    return PbxValues(**{"ari_password": "0123456789abcdef-_XYZ", **changed})  # type: ignore[arg-type]


def test_placeholders_are_the_field_names_in_capitals() -> None:
    placeholders = values(workers=3, person="PJSIP/alice&PJSIP/bob").placeholders()
    assert placeholders["WORKERS"] == "3"
    assert placeholders["PERSON"] == "PJSIP/alice&PJSIP/bob"
    assert placeholders["AGENT_EXTENSION"] == "700"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ari_user", "a b"),
        ("http_bind", "localhost; x"),
        ("app", "a,b"),
        ("agent_extension", "_X."),
        ("mailbox", "1000"),
        ("mailbox", "1000@default,s"),
        ("person", "PJSIP/alice,30"),
        ("person", 'PJSIP/"'),
        ("queue", "support,x"),
        ("internal_pattern", "_X."),
        ("internal_pattern", "_1!"),
        ("internal_pattern", ""),
        ("internal_context", "from-internal,911"),
        ("workers", 0),
        ("workers", 65),
    ],
)
def test_a_wrong_value_is_named_with_its_key(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: ") as told:
        values(**{name: value})
    assert str(value) in str(told.value)


def test_a_weak_password_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="16 or more") as told:
        values(ari_password="secret")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("_XXX", "000"),
        ("_1XX", "110"),
        ("_9XX", "911"),
        ("_[19]1[12]", "111"),
        ("_N11", "911"),
        ("_XXXX", "0000"),
        ("_9XXX", "9000"),
        ("112", "112"),
        ("9911", "9911"),
    ],
)
def test_a_pattern_that_matches_an_emergency_number_is_refused(pattern: str, number: str) -> None:
    assert emergency_match(pattern) == number
    with pytest.raises(ConfigError, match=f"matches the emergency number {number}"):
        values(internal_pattern=pattern)


@pytest.mark.parametrize("pattern", ["_1XXX", "_[2-8]XX", "_10X", "_[1-8]XXX", "1001", "700", "X"])
def test_ordinary_patterns_match_none(pattern: str) -> None:
    assert emergency_match(pattern) is None


def test_the_agent_is_not_reached_by_an_emergency_number() -> None:
    with pytest.raises(ConfigError, match="agent_extension: '911'"):
        values(agent_extension="911")
