"""A trial makes little, disturbs no worker, and leaves nothing."""

import pytest

from ari_app.ari.generated.operations import Operations
from ari_app.call.ids import Owner, parse
from ari_app.cli.probes import trial as module
from ari_app.cli.probes.trial import trial
from ari_app.config import DialplanPlace
from tests.cli.probes.conftest import FakePbx

BOARD = ("127.0.0.1", 40000)


async def test_everything_made_is_deleted(ari: Operations, fake_pbx: FakePbx) -> None:
    async with trial(ari) as made:
        assert await made.open_media(BOARD, "ulaw") == fake_pbx.address
        assert await made.join_echo("ulaw")
        assert (len(fake_pbx.channels), len(fake_pbx.bridges)) == (2, 1)
    assert (fake_pbx.channels, fake_pbx.bridges) == (set(), set())
    assert made.left == ()


async def test_also_when_the_trial_is_broken_off(ari: Operations, fake_pbx: FakePbx) -> None:
    async def broken_off() -> None:
        async with trial(ari) as made:
            await made.open_media(BOARD, "ulaw")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken_off()
    assert fake_pbx.channels == set()


async def test_what_cannot_be_deleted_is_told(
    ari: Operations, fake_pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLEARING", 0.1)
    fake_pbx.undying = True
    async with trial(ari) as made:
        await made.open_media(BOARD, "ulaw")
    assert made.left == (made.media,)


async def test_no_worker_would_take_its_channels_for_orphans(
    ari: Operations, fake_pbx: FakePbx
) -> None:
    async with trial(ari) as made:
        await made.open_media(BOARD, "ulaw")
        names = [parse(channel) for channel in fake_pbx.channels]
        assert all(name is not None and name.owner != Owner("attendant", 1) for name in names)
    asked = [query["app"] for _, path, query in fake_pbx.asked if path.endswith("externalMedia")]
    assert asked[0].startswith("attendant-check-")


async def test_the_pbx_itself_ends_what_a_killed_check_leaves(
    ari: Operations, fake_pbx: FakePbx
) -> None:
    async with trial(ari) as made:
        await made.open_media(BOARD, "ulaw")
        await made.join_echo("ulaw")
    armed = [q for _, path, q in fake_pbx.asked if q.get("variable") == "TIMEOUT(absolute)"]
    assert len(armed) == 2


async def test_the_dialplan_is_asked_through_the_media(ari: Operations, fake_pbx: FakePbx) -> None:
    fake_pbx.absent = {"nowhere"}
    async with trial(ari) as made:
        await made.open_media(BOARD, "ulaw")
        assert await made.has(DialplanPlace(context="somewhere", extension="s"))
        assert not await made.has(DialplanPlace(context="nowhere", extension="s"))
