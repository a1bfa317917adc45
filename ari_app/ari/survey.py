"""What the PBX lists against what we hold: events missed while we were away are not repeated,
so after every connect the lists decide."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from ari_app.ari.generated.models import Bridge, Channel
from ari_app.ari.generated.operations import Operations
from ari_app.ari.translate import stasis_of
from ari_app.call.ids import Owner, parse


@dataclass(frozen=True)
class Held:
    """What one call of ours had on the PBX before the lists were asked for."""

    caller: str
    medias: frozenset[str]


@dataclass(frozen=True)
class Findings:
    """What differs."""

    callers_gone: tuple[str, ...]
    "Calls whose caller is not in Stasis any more."
    medias_gone: tuple[tuple[str, str], ...]
    "Call and media channel that is not there any more."
    medias_joined: tuple[tuple[str, str], ...]
    "Call and media channel that is in our application."
    orphan_channels: tuple[str, ...]
    "Ours by name, of no call that we hold."
    orphan_bridges: tuple[str, ...]
    strangers: tuple[str, ...]
    "Channels that are in our application and that no call of ours has as its caller."


@dataclass(frozen=True)
class Lists:
    """What the PBX has."""

    channels: tuple[Channel, ...]
    bridges: tuple[Bridge, ...]


def compare(
    lists: Lists,
    before: Mapping[str, Held],
    calls: Sequence[Container[str]],
    owner: Owner,
    app: str,
) -> Findings:
    """`before` is by call and older than the lists, so that what is missing in them is gone;
    `calls` are those held now, here or elsewhere, so that what is new is nobody's orphan."""
    listed = {channel.id: channel for channel in lists.channels}
    waiting = {key for key, channel in listed.items() if _application(channel) == app}
    medias = [(call, media) for call, held in before.items() for media in sorted(held.medias)]
    served = {held.caller for held in before.values()}
    inside = {key for key, channel in listed.items() if _application(channel) is not None}
    return Findings(
        callers_gone=tuple(call for call, held in before.items() if held.caller not in inside),
        medias_gone=tuple(pair for pair in medias if pair[1] not in listed),
        medias_joined=tuple(pair for pair in medias if pair[1] in waiting),
        orphan_channels=tuple(key for key in listed if _orphan(key, owner, calls)),
        orphan_bridges=tuple(b.id for b in lists.bridges if _orphan(b.id, owner, calls)),
        strangers=tuple(sorted(key for key in waiting - served if parse(key) is None)),
    )


class Everything(Container[str]):
    """Holds whatever it is asked for: when nobody can say what lives, nothing is reaped."""

    def __contains__(self, item: object) -> bool:
        return True


async def callers_of(ari: Operations) -> frozenset[str]:
    """The channels that are in some Stasis application. Raises AsteriskError."""
    channels = await ari.channels.list()
    return frozenset(channel.id for channel in channels if stasis_of(channel) is not None)


def _application(channel: Channel) -> str | None:
    found = stasis_of(channel)
    return found[0] if found else None


def _orphan(name: str, owner: Owner, calls: Sequence[Container[str]]) -> bool:
    ours = parse(name)
    if ours is None or ours.owner != owner:
        return False
    return all(ours.call not in held for held in calls)
