"""Names of what we make on the PBX: `<app>.<worker>.<call>.<role><n>`.

Chosen by us before the request is sent, so that events have an owner before they can come, and
so that after a crash everybody can tell whose a channel is. `n` counts up and is never reused:
the same id again while the old one lives is a 500.
"""

import re
from dataclasses import dataclass

ROLES = {"c": "caller", "m": "media", "b": "bridge", "l": "leg", "s": "snoop"}
_PATTERN = re.compile(
    r"(?P<app>[a-z][a-z0-9-]*)\.(?P<worker>\d+)\.(?P<call>[a-z0-9]+)\."
    rf"(?P<role>[{''.join(ROLES)}])(?P<n>\d+)"
)


@dataclass(frozen=True)
class Owner:
    """Whose calls: one worker of one installation."""

    app: str
    "Name of the installation: lower case letters, digits, hyphens."
    worker: int

    def name(self, call: str, role: str, n: int) -> str:
        """The id of the n-th thing of this role in a call."""
        return f"{self.app}.{self.worker}.{call}.{role}{n}"


@dataclass(frozen=True)
class Name:
    """An id of ours, taken apart."""

    owner: Owner
    call: str
    role: str
    "One of ROLES."
    n: int


def parse(text: str) -> Name | None:
    """Take an id apart; None when it is none of ours."""
    found = _PATTERN.fullmatch(text)
    if found is None:
        return None
    owner = Owner(found["app"], int(found["worker"]))
    return Name(owner, found["call"], found["role"], int(found["n"]))
