"""What the beat is told. The only way from the rest of the program into it."""

from dataclasses import dataclass

from ari_app.media.values import Samples

Address = tuple[str, int]


@dataclass(frozen=True)
class Open:
    row: int
    media: str
    codec: str


@dataclass(frozen=True)
class Connect:
    row: int
    remote: Address


@dataclass(frozen=True, eq=False)
class Play:
    row: int
    item: str
    samples: Samples
    "8 kHz."


@dataclass(frozen=True)
class Finish:
    row: int
    item: str


@dataclass(frozen=True)
class Pause:
    row: int


@dataclass(frozen=True)
class Resume:
    row: int
    rewind: float
    "Seconds."


@dataclass(frozen=True)
class Flush:
    row: int


@dataclass(frozen=True)
class ExpectSilence:
    row: int
    on: bool


@dataclass(frozen=True)
class Listen:
    """Tap the row (True), or no longer (False)."""

    row: int
    on: bool


@dataclass(frozen=True)
class Close:
    row: int


Message = Open | Connect | Play | Finish | Pause | Resume | Flush | ExpectSilence | Listen | Close
