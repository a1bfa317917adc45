"""The bounds of one call."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ari_app.call.ids import Owner


@dataclass(frozen=True)
class Extension:
    """A place in the dialplan."""

    context: str
    extension: str
    priority: int = 1


@dataclass(frozen=True)
class CallSettings:
    """All times in seconds."""

    owner: Owner
    fallback: Extension
    "Where a caller goes whom we cannot serve."
    destinations: Mapping[str, Extension] = field(default_factory=dict)
    "What the conversation may hand a caller to, by name."
    codec: str = "ulaw"
    "Of the media: ulaw, alaw or slin."
    deadman: int = 15
    "How long the PBX lets a caller stay with a worker that gives no sign of life."
    renew: float = 5.0
    ready: float = 5.0
    "From the offer to the answer, at most; also from a lost media to its replacement."
    lead: float = 0.2
    "From the answer to the first word: phones open their media late."
    hand_back: float = 3.0
    "How long the dialplan may take to fetch the caller; then it is asked again."
    hand_backs: int = 5
    "How often it is asked again: longer than the dead-man switch waits."
    second_look: float = 0.5
    "Between two readings of what the PBX receives from the caller."
    caller_gone: float = 60.0
    "How long a caller may send nothing at all."
    retry: float = 1.0
    "Between two tries to delete something."
    give_up: float = 15.0
    "How long releasing may take; what is left then, the reaper takes."
    replacements: int = 3
    "How often a lost media is made anew."
