from pathlib import Path

import pytest

from ari_app.errors import ConfigError
from ari_app.stores.settings import Place, StoreSettings, parse_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://localhost", Place((("localhost", 6379),))),
        ("redis://127.0.0.1:7000/3", Place((("127.0.0.1", 7000),), database=3)),
        ("rediss://[::1]:7000/", Place((("::1", 7000),), tls=True)),
        ("unix:///run/redis.sock", Place(socket="/run/redis.sock")),
        ("sentinel://a,b:1/main", Place((("a", 26379), ("b", 1)), master="main")),
        ("sentinels://a/main/2", Place((("a", 26379),), master="main", database=2, tls=True)),
    ],
)
def test_urls_say_where(url: str, place: Place) -> None:
    assert parse_url(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis:///0",
        "redis://a,b/0",
        "redis://a:99999/0",
        "redis://a:x/0",
        "redis://a:0",
        "redis://a/zero",
        "redis://a/-1",
        "redis://a/0/1",
        "unix://",
        "unix://run/redis.sock",
        "sentinel://a",
        "sentinel://a,/main",
        "sentinel:///main",
        "sentinel://a/ma in",
        "redis://[::1/0",
    ],
)
def test_what_is_no_such_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url: .*expected redis://host:port/0"):
        parse_url(url)


@pytest.mark.parametrize("url", ["redis://:secret@host/0", "rediss://host/0?password=secret"])
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="no user, password or options") as told:
        parse_url(url)
    assert "secret" not in str(told.value)


def test_a_password_is_not_shown() -> None:
    shown = repr(StoreSettings(password="secret", sentinel_password="secret"))
    assert "secret" not in shown


@pytest.mark.parametrize("prefix", ["", "a b", "a*", "ä:", "x" * 65, "a\n"])
def test_a_prefix_is_plain(prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.prefix"):
        StoreSettings(prefix=prefix)


def test_certificates_want_tls_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"store\.ca_file: of no use without TLS"):
        StoreSettings(ca_file=tmp_path)
    with pytest.raises(ConfigError, match=r"store\.ca_file: .*expected a file"):
        StoreSettings(url="rediss://localhost", ca_file=tmp_path / "none")


@pytest.mark.parametrize("expiry", [0.0, -1.0, 59.0, float("nan")])
def test_records_live_a_minute_at_least(expiry: float) -> None:
    with pytest.raises(ConfigError, match=r"store\.expiry"):
        StoreSettings(expiry=expiry)
