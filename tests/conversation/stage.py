"""A stage for `Conversation`: a caller with a timeline, an agent with a timeline, and a player
that plays what is queued, pauses, rewinds and is flushed as a media is; all in numbers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ari_app.conversation import commands as ask
from ari_app.conversation.events import Event, ItemQueued, StreamReached, Tick
from ari_app.conversation.floor import Conversation
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.values import ItemFinished
from ari_app.media.values import Played

STEP = 0.02
ONSET = 0.06
"A detector says SpeechBegan this long after the onset, seconds."


@dataclass
class Player:
    """Plays items in order, 20 ms at a time, and reports as `Media` does."""

    queue: dict[str, float] = field(default_factory=dict)
    played: dict[str, float] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    paused: bool = False

    def step(self) -> Iterator[Played]:
        if self.paused or not self.queue:
            return
        item = next(iter(self.queue))
        done = self.played.get(item, 0.0)
        if done < self.queue[item] - 1e-9:
            done = self.played[item] = done + STEP
            if round(done / STEP) % 5 == 1:
                yield Played(item, done, "playing")
        if item in self.finished and done >= self.queue[item] - 1e-9:
            del self.queue[item]
            yield Played(item, done, "finished")

    def obey(self, command: ask.Command) -> Iterator[Played]:
        if isinstance(command, ask.PauseOutput):
            self.paused = True
        elif isinstance(command, ask.ResumeOutput):
            self.paused = False
            for item in list(self.queue)[:1]:
                self.played[item] = max(0.0, self.played.get(item, 0.0) - command.rewind)
        elif isinstance(command, ask.DropItem):
            self.dropped.add(command.item)
        elif isinstance(command, ask.FlushOutput):
            for item in list(self.queue):
                del self.queue[item]
                yield Played(item, self.played.get(item, 0.0), "cut")


class Stage:
    """Runs a conversation from 0 to `end` seconds. `seen` holds (when, command)."""

    def __init__(self, settings: FloorSettings | None = None) -> None:
        self.conversation = Conversation(settings or FloorSettings())
        self.player = Player()
        self.seen: list[tuple[float, ask.Command]] = []
        self.now = 0.0
        self.say_seconds = 1.0
        "Length of what our own voice says."

    def tell(self, event: Event) -> None:
        if isinstance(event, ItemQueued) and event.item not in self.player.dropped:
            waiting = self.player.queue.get(event.item, 0.0)
            self.player.queue[event.item] = waiting + event.seconds
        if isinstance(event, ItemFinished):
            self.player.finished.add(event.item)
        for command in self.conversation.handle(event, self.now):
            self.seen.append((round(self.now, 3), command))
            for played in list(self.player.obey(command)):
                self.tell(played)
            if isinstance(command, ask.Say):
                self.tell(ItemQueued(command.item, self.say_seconds))
                self.tell(ItemFinished(command.item))

    def run(self, timeline: list[tuple[float, Event]], end: float) -> None:
        waiting = sorted(timeline, key=lambda entry: entry[0])
        for step in range(round(end / STEP) + 1):
            self.now = step * STEP
            if step % 50 == 0:
                self.tell(StreamReached(self.now))
            while waiting and waiting[0][0] <= self.now + 1e-9:
                self.tell(waiting.pop(0)[1])
            for played in list(self.player.step()):
                self.tell(played)
            due = self.conversation.deadline()
            if due is not None and due <= self.now + 1e-9:
                self.tell(Tick())

    def of(self, kind: type[ask.Command]) -> list[ask.Command]:
        return [command for _, command in self.seen if isinstance(command, kind)]
