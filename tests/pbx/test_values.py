"""Values that could open a way around the dialplan's rules are refused, saying what is expected."""

import pytest

from ari_app.errors import ConfigError
from ari_app.pbx.values import PbxValues, emergency_match


def values(**changed: object) -> PbxValues:
    return PbxValues(**{"ari_password": "0123456789abcdef-_XYZ", **changed})  # type: ignore[arg-type]


def test_placeholders_are_the_field_names_in_capitals() -> None:
    placeholders = values(workers=3, person="PJSIP/alice&PJSIP/bob").placeholders()
    assert placeholders["APP"] == "attendant"
    assert placeholders["PERSON"] == "PJSIP/alice&PJSIP/bob"
    assert placeholders["AGENT_EXTENSION"] == "700"


def test_calls_go_to_one_application_for_each_worker_or_to_one_for_all() -> None:
    shared = values(workers=3).placeholders()
    assert shared["APPLICATIONS"] == "attendant-1&attendant-2&attendant-3"
    assert shared["TRIES"] == "3"
    pooled = values(workers=3, line="pooled").placeholders()
    assert (pooled["APPLICATIONS"], pooled["TRIES"]) == ("attendant", "1")


def test_the_pooled_password_is_new_every_time_and_not_shown() -> None:
    one, other = values(), values()
    assert one.pooled_password != other.pooled_password
    assert one.pooled_password not in repr(one)
    assert one.placeholders()["POOLED_PASSWORD"] == one.pooled_password


def test_a_wss_uri_switches_tls_on() -> None:
    assert values().placeholders()["POOLED_TLS"] == "no"
    assert values(pooled_uri="wss://[::1]:8443/ari").placeholders()["POOLED_TLS"] == "yes"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line", "both"),
        ("pooled_uri", "http://127.0.0.1/"),
        ("pooled_uri", "ws://user@host:1/ari"),
        ("pooled_uri", "ws://host:1/ari#x"),
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


@pytest.mark.parametrize("name", ["ari_password", "pooled_password"])
def test_a_weak_password_is_refused_and_not_shown(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: .* 16 or more") as told:
        values(**{name: "secret"})
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
