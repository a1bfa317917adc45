"""What is due, and when? One time for each name, in the clock of `now`."""

from collections.abc import Iterator, Mapping


class Deadlines:
    """The appointments of one call."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    def set(self, name: str, at: float) -> None:
        """Due at this time, whatever it was before."""
        self._at[name] = at

    def set_once(self, name: str, at: float) -> None:
        """Due at this time unless it has a time already."""
        self._at.setdefault(name, at)

    def drop(self, *names: str) -> None:
        """Not due any more, if they ever were."""
        for name in names:
            self._at.pop(name, None)

    def replace(self, all_: Mapping[str, float]) -> None:
        """These and no others."""
        self._at = dict(all_)

    def first(self) -> float | None:
        """The earliest time; None: never."""
        return min(self._at.values(), default=None)

    def due(self, now: float) -> Iterator[str]:
        """Every name whose time has come, in the order they were set, and forgotten as it is
        given: acting on one may drop those behind it."""
        for name in [name for name, at in self._at.items() if at <= now]:
            if self._at.pop(name, None) is not None:
                yield name
