"""From settings to rooms: what is made of them, and what is refused before anything starts."""

from pathlib import Path

import pytest

from ari_app.call.settings import Extension
from ari_app.config import Secrets, load
from ari_app.errors import ConfigError
from ari_app.wiring import board_of, call_settings, flows_of, pool_settings, store_settings

SECRETS = Secrets({"ATTENDANT_POOL_PASSWORD": "p" * 24, "REDIS": "of-redis"})
SETTINGS = """\
app: desk
pbx:
  - url: http://127.0.0.1:8088
    line: pooled
    pool: {port: 8099, networks: [192.0.2.0/24]}
    media: {map: {192.0.2.1: 192.0.2.9}, codec: alaw}
profiles:
  desk: {flow: flow.yaml}
destinations:
  mailbox: {context: attendant-transfer, extension: mailbox}
"""


def settings(folder: Path, more: str = "") -> tuple[Path, str]:
    (folder / "attendant.yaml").write_text(SETTINGS + more)
    return folder / "attendant.yaml", SETTINGS


def test_the_bounds_of_calls_follow_the_settings(tmp_path: Path) -> None:
    loaded = load(settings(tmp_path, "worker: 3\n")[0])
    made = call_settings(loaded, loaded.pbx[0])
    assert (made.owner.app, made.owner.worker, made.codec) == ("desk", 3, "alaw")
    assert made.destinations == {"mailbox": Extension("attendant-transfer", "mailbox")}
    assert made.fallback == Extension("attendant-fallback", "s")


def test_a_pool_has_its_password_from_the_secrets(tmp_path: Path) -> None:
    loaded = load(settings(tmp_path)[0])
    made = pool_settings(loaded.pbx[0], SECRETS)
    assert (made.host, made.port, made.networks) == ("127.0.0.1", 8099, ("192.0.2.0/24",))
    assert "ppp" not in repr(made)
    with pytest.raises(ConfigError, match="ATTENDANT_POOL_PASSWORD"):
        pool_settings(loaded.pbx[0], Secrets({}))


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    text = SETTINGS.replace("port: 8099", "port: 8099, certificate: none.pem")
    (tmp_path / "attendant.yaml").write_text(text)
    loaded = load(tmp_path / "attendant.yaml")
    with pytest.raises(ConfigError, match=r"pbx\.main\.pool\.certificate: .*none\.pem"):
        pool_settings(loaded.pbx[0], SECRETS)


def test_records_are_in_memory_unless_a_redis_is_named(tmp_path: Path) -> None:
    assert store_settings(load(settings(tmp_path)[0]), SECRETS) is None
    loaded = load(settings(tmp_path, "store: {kind: redis, password_env: REDIS}\n")[0])
    made = store_settings(loaded, SECRETS)
    assert made is not None
    assert (made.prefix, made.password) == ("desk:", "of-redis")


def test_the_board_knows_under_which_address_a_pbx_is_seen(tmp_path: Path) -> None:
    assert board_of(load(settings(tmp_path)[0]))._seen_as == {"192.0.2.1": "192.0.2.9"}


def test_words_that_the_recogniser_lacks_are_refused_unless_there_is_none(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="the extra `local` is not installed")
    (tmp_path / "flow.yaml").write_text(
        "start: menu\ngive_up: mailbox\nsteps:\n"
        "  menu:\n    ask: Say it.\n    choices:\n"
        "      odd: {phrases: [xyzzyplugh], digits: '1', then: bye}\n"
        "  bye: {hang_up: Goodbye.}\n"
    )
    with pytest.raises(ConfigError, match=r"profiles\.desk\.flow: .*'xyzzyplugh'"):
        flows_of(load(settings(tmp_path)[0]))
    keys_only = load(settings(tmp_path, "speech: {recognisers: 0}\n")[0])
    assert set(flows_of(keys_only)) == {"desk"}
