"""Wrong settings say what was expected."""

import pytest

from ari_app.ari.settings import PbxSettings
from ari_app.errors import ConfigError


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"url": "ari://x"}, "http://host:port"),
        ({"url": "http://"}, "http://host:port"),
        ({"url": "http://u:p@host"}, "no user or password"),
        ({"app": "a.b"}, "hyphens"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, str], expected: str) -> None:
    given = {"url": "http://127.0.0.1:8088", "user": "u", "password": "p", **wrong}
    with pytest.raises(ConfigError, match=expected):
        PbxSettings(**given)  # type: ignore[arg-type]


def test_each_worker_has_an_application() -> None:
    settings = PbxSettings(url="http://h:1", user="u", password="p", worker=7)
    assert settings.stasis_app == "attendant-7"
    assert settings.owner.name("c", "m", 1) == "attendant.7.c.m1"
