"""What are we saying, and how much of it has the caller heard?"""

from dataclasses import dataclass

from ari_app.conversation.commands import Command, SendInterrupt, WriteUtterance
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.transcript import Transcript
from ari_app.media.values import Played

CUT_WAIT = 0.25
"How long the media may take to say where an item was cut, seconds."
WHOLE = 0.02
"An item cut within its last frame was heard to its end, seconds."


@dataclass
class Item:
    """One utterance on its way to the caller. Seconds."""

    item: str
    interruptible: bool = True
    ours: bool = False
    "Spoken by our own voice: the agent knows nothing of it."
    text: str = ""
    queued: float = 0.0
    played: float = 0.0
    began: float = 0.0
    "Stream time at which its first word was played."
    finished: bool = False
    "All its audio was given."
    cut_by: float = float("inf")
    "If it was cut: the `now` until which we wait to be told at which place."


class Items:
    """Open items (to be played) in their order, and cut ones whose last word is awaited."""

    def __init__(self, stream: StreamTime, transcript: Transcript, stalled: float) -> None:
        self._stalled = stalled
        self._stream = stream
        self._transcript = transcript
        self._open: dict[str, Item] = {}
        self._cut: dict[str, Item] = {}
        self.progress = 0.0
        "When something was last queued or played, `now`."

    def __bool__(self) -> bool:
        return bool(self._open)

    def stalled_at(self) -> float:
        """When (`now`) what we say has stood still for so long that nobody waits for it."""
        return self.progress + self._stalled

    def shield_until(self) -> float:
        """Until when (`now`, at most) the caller cannot interrupt, because something that may not
        be interrupted is being said, or will be after what is."""
        shielded = any(not item.interruptible for item in self._open.values())
        return self.stalled_at() if shielded else 0.0

    def left(self, now: float) -> float:
        """Seconds until we have said everything; inf when the agent has not finished."""
        if not all(item.finished for item in self._open.values()):
            return float("inf")
        queued = sum(item.queued - item.played for item in self._open.values())
        return queued - (now - self.progress)

    def begin(self, item: Item, now: float) -> bool:
        """False when it is known already."""
        if item.item in self._open or item.item in self._cut:
            return False
        self._open[item.item] = item
        self.progress = now
        return True

    def queue(self, item: str, seconds: float, now: float) -> Item | None:
        """More audio of it waits; None when it is not open."""
        found = self._open.get(item)
        if found is not None:
            found.queued += seconds
            self.progress = now
        return found

    def say(self, item: str, text: str) -> bool:
        """More of its words; False when it is not open."""
        found = self._open.get(item)
        if found is not None:
            found.text += text
        return found is not None

    def finish(self, item: str) -> bool:
        """All its audio was given; without any it is over. False when it is not open."""
        found = self._open.get(item)
        if found is not None:
            found.finished = True
            if found.queued == 0.0:
                del self._open[item]
        return found is not None

    def play(self, event: Played, now: float) -> tuple[Command, ...] | None:
        """How far it was played; None when it is neither open nor being cut."""
        if event.state != "playing":
            over = self._open.pop(event.item, None) or self._cut.pop(event.item, None)
            if over is None:
                return None
            self.progress = now
            return self._close(over, event.seconds, now, cut=event.state == "cut")
        playing = self._open.get(event.item)
        if playing is None:
            return None
        if event.seconds > playing.played:
            if playing.played == 0.0:
                playing.began = max(0.0, self._stream.at(now) - event.seconds)
            playing.played = event.seconds
            self.progress = now
        return ()

    def cut(self, now: float) -> tuple[Item, ...]:
        """The caller has the floor. Of what was queued, `play` or `overdue` tell the rest."""
        cut = tuple(self._open.values())
        self._open.clear()
        for item in cut:
            item.cut_by = now + CUT_WAIT
            if item.queued > 0.0:
                self._cut[item.item] = item
        return cut

    def overdue_at(self) -> float:
        """When (`now`) to stop waiting for where an item was cut."""
        return min((item.cut_by for item in self._cut.values()), default=float("inf"))

    def overdue(self, now: float) -> tuple[Command, ...]:
        """Where they were cut if the media does not say: where they were seen last."""
        late = [item for item in self._cut.values() if now >= item.cut_by]
        told: list[Command] = []
        for item in late:
            del self._cut[item.item]
            told += self._close(item, item.played, now, cut=True)
        return tuple(told)

    def _close(self, item: Item, seconds: float, now: float, *, cut: bool) -> tuple[Command, ...]:
        """Nothing more of the item will be played; `seconds` of it were."""
        until = self._stream.at(now)
        at = item.began if item.played > 0 else max(0.0, until - seconds)
        whole = not cut or (item.finished and seconds >= item.queued - WHOLE)
        share = 1.0 if whole else min(seconds / item.queued, 0.999) if item.queued else 0.0
        line = self._transcript.played(item.text, at, until, share)
        written = () if line is None else (WriteUtterance(line),)
        cut_short = () if whole or item.ours else (SendInterrupt(item.item, seconds),)
        return (*written, *cut_short)
