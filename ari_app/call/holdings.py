"""What of ours is on the PBX? The caller until it has left us, every media and bridge from the
moment it is asked for until it is known to be deleted, and the names that they get."""

from collections.abc import Iterable, Iterator

from ari_app.call.commands import CloseBridge, CloseMedia, Command, HangUp
from ari_app.call.ids import Owner, parse


class Holdings:
    """The caller, medias and bridges of one call."""

    def __init__(
        self,
        owner: Owner,
        call: str,
        *,
        made: int = 0,
        medias: tuple[str, ...] = (),
        bridges: tuple[str, ...] = (),
    ) -> None:
        """made: names given out so far; medias, bridges: what another process left behind."""
        self._owner = owner
        self._call = call
        self.made = made
        self._medias = list(medias)
        self._bridges = list(bridges)
        self._caller = True

    def __bool__(self) -> bool:
        return bool(self._caller or self._medias or self._bridges)

    @property
    def medias(self) -> tuple[str, ...]:
        return tuple(self._medias)

    @property
    def bridges(self) -> tuple[str, ...]:
        return tuple(self._bridges)

    def new_media(self) -> str:
        """A name for a media that is about to be asked for."""
        self._medias.append(self._name("m"))
        return self._medias[-1]

    def new_bridge(self) -> str:
        self._bridges.append(self._name("b"))
        return self._bridges[-1]

    def _name(self, role: str) -> str:
        self.made += 1
        return self._owner.name(self._call, role, self.made)

    def caller_left(self) -> None:
        """The caller's channel is in our hands no more."""
        self._caller = False

    def deleted(self, command: Command) -> None:
        """A deletion was carried out (perhaps for the second time)."""
        match command:
            case CloseMedia(media):
                self._medias = [one for one in self._medias if one != media]
            case CloseBridge(bridge):
                self._bridges = [one for one in self._bridges if one != bridge]

    def deletions(self) -> tuple[Command, ...]:
        """Commands that let go of all that is left, the caller first."""
        caller = (HangUp(),) if self._caller else ()
        medias = (CloseMedia(media) for media in self._medias)
        return (*caller, *medias, *(CloseBridge(bridge) for bridge in self._bridges))


def deletions(names: Iterable[str]) -> Iterator[CloseMedia | CloseBridge]:
    """Commands that delete these medias and bridges of ours; other names are left alone."""
    for name in names:
        ours = parse(name)
        if ours is not None:
            yield CloseBridge(name) if ours.role == "b" else CloseMedia(name)
