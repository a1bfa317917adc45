"""What `attendant check` tries: each probe answers with a Finding."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]
"skipped: what it needs has failed."


@dataclass(frozen=True)
class Finding:
    """What one probe found, and what to do about it."""

    probe: str
    "What was tried: settings, flow front-desk, voice, ari, audio …"
    state: State
    found: str
    advice: str = ""
    "What to do; always there when something failed."
    pbx: str = ""
    "Name of the PBX; empty for what is tried on this machine only."
    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    "Measured values, named with their units."
