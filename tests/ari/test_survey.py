"""What the lists of the PBX say against what we hold."""

from typing import Any

from ari_app.ari.generated.models import Bridge, Channel
from ari_app.ari.survey import Findings, Held, Lists, compare
from ari_app.call.ids import Owner

OWNER, APP = Owner("attendant", 1), "attendant-1"
NOTHING = Findings((), (), (), (), (), ())


def channel(key: str, app_name: str = "Stasis", app_data: str = APP) -> Channel:
    plan: dict[str, Any] = {"app_name": app_name, "app_data": app_data}
    return Channel.parse({"id": key, "dialplan": plan, "caller": {}, "connected": {}})


def findings(
    channels: list[Channel],
    before: dict[str, Held] | None = None,
    bridges: tuple[str, ...] = (),
    calls: tuple[str, ...] = (),
) -> Findings:
    lists = Lists(tuple(channels), tuple(Bridge.parse({"id": key}) for key in bridges))
    return compare(lists, before or {}, (before or {}, calls), OWNER, APP)


def test_all_as_it_was() -> None:
    held = {"a": Held("1.1", frozenset({"attendant.1.a.m1"}))}
    found = findings([channel("1.1", app_data=f"{APP},inbound,700"), channel("attendant.1.a.m1")],
                     held, ("attendant.1.a.b1",))  # fmt: skip
    assert found == Findings((), (), (("a", "attendant.1.a.m1"),), (), (), ())


def test_a_caller_who_hung_up_or_left_stasis_is_gone() -> None:
    held = {"a": Held("1.1", frozenset()), "b": Held("1.2", frozenset())}
    assert findings([channel("1.1", "VoiceMail")], held).callers_gone == ("a", "b")


def test_a_media_that_is_not_listed_is_gone() -> None:
    held = {"a": Held("1.1", frozenset({"attendant.1.a.m1"}))}
    found = findings([channel("1.1")], held)
    assert found.medias_gone == (("a", "attendant.1.a.m1"),)
    assert found.medias_joined == ()


def test_a_media_outside_of_stasis_has_not_joined() -> None:
    held = {"a": Held("1.1", frozenset({"attendant.1.a.m1"}))}
    found = findings([channel("1.1"), channel("attendant.1.a.m1", "AppDial")], held)
    assert (found.medias_gone, found.medias_joined) == ((), ())


def test_orphans_are_ours_and_of_no_call() -> None:
    names = ["attendant.1.a.m1", "attendant.1.new.m1", "attendant.2.a.m1", "x.1.a.m1", "m1"]
    found = findings([channel(n, "x") for n in names], None, tuple(names), calls=("new",))
    assert found.orphan_channels == found.orphan_bridges == ("attendant.1.a.m1",)


def test_strangers_wait_in_our_application_only() -> None:
    held = {"a": Held("1.1", frozenset())}
    waiting = [channel("1.1"), channel("1.2"), channel("1.3", app_data="attendant-11"),
               channel("1.4", "Dial", APP), channel("attendant.1.z.m1")]  # fmt: skip
    assert findings(waiting, held).strangers == ("1.2",)


def test_an_empty_pbx_has_nothing_to_say() -> None:
    assert findings([]) == NOTHING
