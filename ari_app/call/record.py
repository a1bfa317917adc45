"""What must be known of a call to carry it on without the process that began it. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ari_app.conversation.values import Utterance

FORMAT = 1
"Version of the record's form. A record of another version is left alone."


@dataclass(frozen=True)
class CallRecord:
    """One live call. Everything in it is personal data."""

    call: str
    worker: str
    "Whose it is: `<app>.<worker>`."
    pbx: str
    "The configuration's name of the PBX."
    channel: str
    "The PBX's channel id of the caller."
    application: str
    "The Stasis application that holds the channel; on a pooled line with the channel's name."
    caller: str
    called: str
    arguments: tuple[str, ...] = ()
    phase: str = "offered"
    made: int = 0
    "How many names for medias and bridges were given out: the next one is one more."
    medias: tuple[str, ...] = ()
    bridges: tuple[str, ...] = ()
    profile: str = ""
    history: tuple[Utterance, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    offered: float = 0.0
    "Wallclock, seconds since the epoch."
    revision: int = 0
    "Counts the writes: whoever writes on an older one gets StaleRecord."


@dataclass(frozen=True)
class Begun:
    """Nobody has begun this before: do it."""


@dataclass(frozen=True)
class Finished:
    """It was done before: this came of it; do not do it again."""

    result: str


@dataclass(frozen=True)
class Uncertain:
    """It was begun before and nobody knows its end: look before you act."""


Effect = Begun | Finished | Uncertain
