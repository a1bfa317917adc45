"""Who is let in."""

import pytest
from structlog.testing import capture_logs

from ari_app.ari.door import Door
from ari_app.ari.settings import PoolSettings
from ari_app.errors import ConfigError
from tests.support.pooled_pbx import basic

SECRET = "sixteen or more characters"


def door(*networks: str, at: list[float] | None = None) -> Door:
    clock = at or [0.0]
    return Door(PoolSettings(password=SECRET, networks=networks), "us", lambda: clock[0])


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fe80::1%eth0", True),
        ("10.2.2.3", False),
        ("127.0.0.1", False),
        ("::1", False),
    ],
)
def test_only_the_networks_on_the_list_are_known(address: str, known: bool) -> None:
    ours = door("10.1.0.0/16", "fe80::/10")
    assert ours.knows(address) is known
    assert ours.refused["stranger"] == (not known)


def test_this_machine_alone_is_let_in_unless_told_otherwise() -> None:
    ours = Door(PoolSettings(password=SECRET), "us")
    assert ours.knows("127.0.0.1")
    assert ours.knows("::1")
    assert not ours.knows("192.0.2.1")


def test_only_the_right_user_with_the_right_password_opens() -> None:
    ours = door()
    right = basic("us", SECRET)["Authorization"]
    assert ours.opens([right], "::1")
    wrong = [[], [""], [right, right], [right + "="], [right.removeprefix("Basic ")]]
    wrong += [[basic("us", "x")["Authorization"]], [basic("", SECRET)["Authorization"]]]
    wrong += [["Basic \u00e9\udc80"]]
    assert not any(ours.opens(shown, "::1") for shown in wrong)
    assert ours.refused == {"wrong credentials": len(wrong)}


def test_a_flood_does_not_fill_the_log_nor_does_it_show_what_was_tried() -> None:
    now = [0.0]
    ours = door(at=now)
    with capture_logs() as entries:
        for _ in range(1000):
            ours.opens(["Basic c2VjcmV0"], "192.0.2.1")
        ours.refuse("too slow", "192.0.2.1")
        assert len(entries) == 2
        now[0] = 60.0
        ours.opens(["Basic c2VjcmV0"], "192.0.2.1")
    assert [entry["count"] for entry in entries] == [1, 1, 1001]
    assert "c2VjcmV0" not in str(entries)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"password": "short"}, "password: expected 16"),
        ({"port": 70000}, "port: expected 0 to 65535, got 70000"),
        ({"networks": ("10.0.0.1/8",)}, "networks: expected addresses like"),
    ],
)
def test_settings_that_cannot_be_are_named(changed: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=f"^pool: {told}") as error:
        PoolSettings(**{"password": SECRET, **changed})  # type: ignore[arg-type]
    assert "short" not in str(error.value)
    assert SECRET not in repr(PoolSettings(password=SECRET))
