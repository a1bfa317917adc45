"""What the fragments of `asterisk/` and `dialplan/` are told: typed, checked, then rendered."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from ari_app.errors import ConfigError

EMERGENCY = frozenset(
    (
        *("000", "110", "111", "112", "113", "114", "115", "116", "117", "118", "119", "122"),
        *("123", "128", "144", "155", "158", "190", "191", "192", "193", "194", "195", "197"),
        *("198", "199", "911", "933", "988", "991", "995", "996", "997", "998", "999"),
    )
)
"Emergency numbers around the world (ITU-T E.161.1 recommends 112 and 911)."

LINE_PREFIXES = ("", "0", "9")
"What may be dialled before an emergency number to get a line."

PATTERN = re.compile(r"_(?:[0-9XZN]|\[[0-9-]+\])+|[0-9]+")
"An Asterisk extension pattern of fixed length: no `.` and no `!`."


@dataclass(frozen=True)
class PbxValues:
    """The values of every placeholder that the production fragments hold.

    Raises ConfigError when one is not of the form expected.
    """

    ari_password: str
    "Generated, never a default: secrets.token_urlsafe(24) is right."
    ari_user: str = "attendant"
    "The section of ari.conf, and the name that the workers log in with."
    http_bind: str = "127.0.0.1"
    "The address that Asterisk's HTTP server (ARI) listens on."
    http_port: int = 8088
    "Its TCP port."
    app: str = "attendant"
    "The stem of the Stasis applications: attendant-1, attendant-2, one per worker."
    workers: int = 1
    "How many workers serve this PBX."
    line: str = "shared"
    "shared: the workers dial Asterisk; pooled: Asterisk dials them, once for each call."
    pooled_uri: str = "ws://127.0.0.1:8090/ari"
    "Where Asterisk reaches the workers on pooled lines; wss:// with TLS."
    pooled_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    "What Asterisk shows them there."
    agent_extension: str = "700"
    "The number that reaches the agent."
    mailbox: str = "1000@default"
    "The mailbox of the fallback and of `mailbox` transfers, with its voicemail context."
    person: str = ""
    "The dial string of the person, like PJSIP/alice; empty if there is none."
    queue: str = ""
    "The name of the queue; empty if there is none."
    ring_seconds: int = 20
    "How long the person's phone rings."
    queue_seconds: int = 120
    "How long a caller waits in the queue before the fallback."
    internal_pattern: str = "_1XXX"
    "Which of the PBX's own numbers the agent may transfer to."
    internal_context: str = "from-internal"
    "The context in which the PBX dials them."

    def __post_init__(self) -> None:
        for name, expected, form in FORMS:
            value = str(getattr(self, name))
            if not re.fullmatch(form, value):
                shown = "the value (not shown)" if "password" in name else repr(value)
                raise ConfigError(f"{name}: {shown} is not {expected}")
        if not 1 <= self.workers <= 64:
            raise ConfigError(f"workers: {self.workers} is not between 1 and 64")
        for name in ("agent_extension", "internal_pattern"):
            if number := emergency_match(getattr(self, name)):
                raise ConfigError(
                    f"{name}: {getattr(self, name)!r} matches the emergency number {number}; "
                    "expected something narrower, like 700, _1XXX or _[2-8]XX"
                )

    def placeholders(self) -> dict[str, str]:
        """The values by placeholder name: `ari_user` is @ARI_USER@."""
        values = {name.upper(): str(value) for name, value in vars(self).items()}
        del values["WORKERS"], values["LINE"]
        return values | {
            "APPLICATIONS": "&".join(self.applications()),
            "TRIES": str(len(self.applications())),
            "POOLED_TLS": "yes" if self.pooled_uri.startswith("wss:") else "no",
        }

    def applications(self) -> tuple[str, ...]:
        """The Stasis applications that a call may go to."""
        if self.line == "pooled":
            return (self.app,)
        return tuple(f"{self.app}-{worker}" for worker in range(1, self.workers + 1))


FORMS = (
    ("ari_password", "16 or more letters, digits, - or _", r"[\w-]{16,}"),
    ("ari_user", "a name of letters, digits, - or _", r"[\w-]+"),
    ("line", "shared or pooled", r"shared|pooled"),
    ("pooled_uri", "ws://host:port/path or wss://…", r"wss?://[\w.:\[\]-]+(/[\w./-]*)?"),
    ("pooled_password", "16 or more letters, digits, - or _", r"[\w-]{16,}"),
    ("http_bind", "an IP address", r"[0-9.]+|[0-9a-fA-F:]+"),
    ("app", "a name of letters, digits, - or _", r"[\w-]+"),
    ("agent_extension", "a number of digits", r"[0-9]+"),
    ("mailbox", "mailbox@context", r"[\w-]+@[\w-]+"),
    ("person", "a dial string like PJSIP/alice", r"[\w./@:&*#+-]*"),
    ("queue", "a queue's name", r"[\w-]*"),
    ("internal_pattern", "an extension pattern of fixed length, like _1XXX", PATTERN.pattern),
    ("internal_context", "a context's name", r"[\w-]+"),
)
"Name, what is expected, and the form of each text: none can end a line, an argument or a string."


def emergency_match(pattern: str) -> str | None:
    """An emergency number that an Asterisk extension pattern matches, if there is one."""
    regular = pattern.removeprefix("_")
    if pattern.startswith("_"):
        for letter, digits in (("X", "[0-9]"), ("Z", "[1-9]"), ("N", "[2-9]")):
            regular = regular.replace(letter, digits)
    numbers = sorted(prefix + number for prefix in LINE_PREFIXES for number in EMERGENCY)
    return next((number for number in numbers if re.fullmatch(regular, number)), None)
