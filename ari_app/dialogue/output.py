"""What is still to be played, kept until it was: so that it can begin before there is a media, and
go on over another one."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ari_app.conversation.commands import DropItem, FlushOutput, PauseOutput, ResumeOutput
from ari_app.media.values import Audio, Played
from ari_app.ports import Media

REPEATED = 0.2
"Seconds of what was played that are said again over a new media."

Verb = PauseOutput | ResumeOutput | FlushOutput | DropItem


@dataclass
class _Kept:
    """One item's audio."""

    pieces: list[Audio] = field(default_factory=list)
    finished: bool = False
    skipped: float = 0.0
    "Seconds that the present media was not given."
    played: float = 0.0


class Output:
    """Stands before the media: same verbs, and never loses what was not heard."""

    def __init__(self) -> None:
        self._media: Media | None = None
        self._kept: dict[str, _Kept] = {}
        self._paused = False

    def attach(self, media: Media) -> None:
        """Play over this media from now on, beginning with everything not yet heard."""
        self._media = media
        if self._paused:
            media.pause()
        for item, kept in self._kept.items():
            kept.skipped = max(0.0, kept.played - REPEATED)
            for audio in _without(kept.pieces, kept.skipped):
                media.play(item, audio)
            if kept.finished:
                media.finish(item)

    def begin(self, item: str) -> None:
        self._kept.setdefault(item, _Kept())

    def play(self, item: str, audio: Audio) -> bool:
        """False when the item was never begun, or is over."""
        kept = self._kept.get(item)
        if kept is None or kept.finished or not len(audio.samples):
            return False
        kept.pieces.append(audio)
        if self._media is not None:
            self._media.play(item, audio)
        return True

    def finish(self, item: str) -> None:
        kept = self._kept.get(item)
        if kept is None or kept.finished:
            return
        kept.finished = True
        if not kept.pieces:
            del self._kept[item]
        elif self._media is not None:
            self._media.finish(item)

    def played(self, event: Played) -> Played:
        """What the media said, counted from the item's true beginning."""
        kept = self._kept.get(event.item)
        if kept is None:
            return event
        event = replace(event, seconds=event.seconds + kept.skipped)
        kept.played = event.seconds
        if event.state != "playing":
            del self._kept[event.item]
        return event

    def obey(self, command: Verb) -> None:
        """Pause, resume, flush, or take nothing more of an item."""
        match command:
            case DropItem(item):
                self._kept.pop(item, None)
            case PauseOutput():
                self._paused = True
                if self._media is not None:
                    self._media.pause()
            case ResumeOutput(rewind):
                self._paused = False
                if self._media is not None:
                    self._media.resume(rewind)
            case FlushOutput() if self._media is not None:
                self._media.flush()

    def unfinished(self) -> tuple[Played, ...]:
        """How far each item came, if nothing more is played."""
        return tuple(Played(item, kept.played, "cut") for item, kept in self._kept.items())


def _without(pieces: list[Audio], seconds: float) -> Iterator[Audio]:
    """The pieces after so many seconds."""
    for audio in pieces:
        skip = min(round(seconds * audio.rate), len(audio.samples))
        seconds -= skip / audio.rate
        if skip < len(audio.samples):
            yield Audio(audio.samples[skip:], audio.rate)
