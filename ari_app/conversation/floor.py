"""Who speaks? The machine of one conversation (DESIGN §3 and §5).

Every event is noted by its row of the table; then everything that is due is settled, in one
fixed order. So a deadline that has passed is acted upon by whatever event comes first, and a
`Tick` needs no code of its own.
"""

from collections.abc import Callable
from typing import Any, Literal

from ari_app.conversation import commands as ask
from ari_app.conversation import events as told
from ari_app.conversation import values as said
from ari_app.conversation.barge_in import BargeIn
from ari_app.conversation.caller import Caller, edge
from ari_app.conversation.digits import Digits
from ari_app.conversation.farewell import Farewell
from ari_app.conversation.items import Item, Items
from ari_app.conversation.no_input import NoInput, Remedy
from ari_app.conversation.settings import FloorSettings
from ari_app.conversation.stream_time import StreamTime
from ari_app.conversation.transcript import Transcript
from ari_app.conversation.values import EdgeKind
from ari_app.media.values import Played, SpeechBegan, SpeechEnded

NEVER = float("inf")


class Conversation:
    """Events in, commands out; never waits, never raises for what it is told.

    Late events and unknown items are ignored and counted in `ignored`. An item that may not be
    interrupted shields itself and all that is queued before it: what the caller says or keys
    meanwhile is kept and told to the agent when it is over.
    """

    def __init__(self, settings: FloorSettings) -> None:
        self.stream = StreamTime()
        self.transcript = Transcript()
        self.ignored = 0
        self._settings = settings
        self._caller = Caller(settings, self.stream)
        self._turns = self._caller.turns
        self._barge_in = BargeIn(settings)
        self._digits = Digits()
        self._no_input = NoInput(settings.reprompts)
        self._items = Items(self.stream, self.transcript, settings.stalled)
        self._farewell = Farewell()
        self._out: list[ask.Command] = []
        self._started = self._held = self._paused = False
        self._by_speech = True
        "Speech may interrupt at all."
        self._unanswered: tuple[float, float] | None = None
        "End of the caller's last speech and our decision, `now`, until an answer is queued."
        self._goodbyes = 0
        self._table: dict[type, Callable[[Any, float], None]] = {
            told.Started: self._on_started,
            told.MediaMoved: self._on_media_moved,
            told.StreamReached: self._on_stream_reached,
            SpeechBegan: self._on_speech_began,
            SpeechEnded: self._on_speech_ended,
            Played: self._on_played,
            said.ItemStarted: self._on_item_started,
            told.ItemQueued: self._on_item_queued,
            said.ItemText: self._on_item_text,
            said.ItemFinished: self._on_item_finished,
            said.CallerUnderstood: self._on_understood,
            said.PatienceSet: self._on_patience,
            said.ToolAsked: self._on_tool,
            said.SessionFailed: self._on_failed,
            told.KeyPressed: self._on_key,
            told.KeysMasked: self._on_masked,
            told.Held: self._on_held,
            told.Tick: lambda event, now: None,
        }

    def handle(self, event: told.Event, now: float) -> tuple[ask.Command, ...]:
        """What has to be done about this, at once and in this order."""
        self._out = []
        self._table[type(event)](event, now)
        self._settle(now)
        return tuple(self._out)

    def deadline(self) -> float | None:
        """When (`now`) to tell a `Tick` unless something else happens first."""
        due = self._items.overdue_at()
        if self._live:
            turn = min(self._barge_in.verdict_at(self._turns), self._turn_due_at())
            due = min(due, turn, self._keys_due_at(), self._leave_at(), self._silence_due_at())
        return None if due == NEVER else due

    @property
    def _live(self) -> bool:
        return self._started and not self._held and not self._farewell.over

    def _shield_until(self) -> float:
        """Until when (`now`, at most) speech cannot interrupt what we say."""
        deaf = bool(self._items) and not self._by_speech
        return self._items.stalled_at() if deaf else self._items.shield_until()

    # What happened: one method for each event; each notes only its own fact.

    def _on_started(self, event: told.Started, now: float) -> None:
        self._started = True
        self._no_input.stir(now)

    def _on_media_moved(self, event: told.MediaMoved, now: float) -> None:
        self._started, self._farewell.over = True, False
        self._end_turn(now)
        self._no_input.stir(now)

    def _on_stream_reached(self, event: told.StreamReached, now: float) -> None:
        self.stream.reached(event.at, now)

    def _on_speech_began(self, event: SpeechBegan, now: float) -> None:
        # Not live: music on hold is no speech.
        when = self.stream.when(event.at, now)
        self._count(self._live and self._turns.speech_began(event.at, when))

    def _on_speech_ended(self, event: SpeechEnded, now: float) -> None:
        self._count(self._turns.speech_ended(event.at, self.stream.when(event.at, now)))

    def _on_played(self, event: Played, now: float) -> None:
        commands = self._items.play(event, now)
        self._count(commands is not None)
        self._out.extend(commands or ())

    def _on_item_started(self, event: said.ItemStarted, now: float) -> None:
        if self._farewell.over:
            self._out.append(ask.DropItem(event.item))
        else:
            self._count(self._items.begin(Item(event.item, event.interruptible), now))

    def _on_item_queued(self, event: told.ItemQueued, now: float) -> None:
        item = self._items.queue(event.item, event.seconds, now)
        self._count(item is not None)
        if item is not None and not item.ours and self._unanswered is not None:
            spoken, decided = self._unanswered
            self._unanswered = None
            self._out.append(ask.WriteTurn(decided - spoken, now - spoken))

    def _on_item_text(self, event: said.ItemText, now: float) -> None:
        self._count(self._items.say(event.item, event.text))

    def _on_item_finished(self, event: said.ItemFinished, now: float) -> None:
        self._count(self._items.finish(event.item))

    def _on_understood(self, event: said.CallerUnderstood, now: float) -> None:
        at = until = self.stream.at(now)
        text = self._digits.shown(event.text) if event.by == "keys" else event.text
        if event.by == "speech" and self._caller.last is not None:
            at, until = self._caller.last.began, self._caller.last.ended
        line = self.transcript.heard(text, at, until)
        if line is not None:
            self._out.append(ask.WriteUtterance(line, event.by))

    def _on_patience(self, event: said.PatienceSet, now: float) -> None:
        self._turns.set_silence(event.end_of_turn)
        self._no_input.patience = event.no_input
        self._by_speech = event.interruptible_by_speech

    def _on_tool(self, event: said.ToolAsked, now: float) -> None:
        self._out.extend(self._farewell.ask(event))

    def _on_failed(self, event: said.SessionFailed, now: float) -> None:
        self._out.extend(self._farewell.fail(event))

    def _on_key(self, event: told.KeyPressed, now: float) -> None:
        pressed = self._digits.press(event.digit, event.duration, now)
        self._count(pressed)
        if pressed:
            self._no_input.caller_took_part(now)
            self._out.append(ask.WriteKeys(self._digits.shown(event.digit)))

    def _on_masked(self, event: told.KeysMasked, now: float) -> None:
        self._digits.masked = event.on

    def _on_held(self, event: told.Held, now: float) -> None:
        if event.held:
            self._end_turn(now)
        self._held = event.held
        self._items.progress = now  # nothing moved, but not for want of words

    # What is due: in this order after every event.

    def _settle(self, now: float) -> None:
        self._out.extend(self._items.overdue(now))
        self._no_input.stir(self._items.progress)
        if self._live:
            self._settle_interruption(now)
            self._settle_turn(now)
            self._settle_keys(now)
            self._settle_farewell(now)
            self._settle_silence(now)
        self._settle_output()

    def _settle_interruption(self, now: float) -> None:
        doubted = self._barge_in.suspicion is not None
        if not self._turns.is_open or not self._items or now < self._shield_until():
            self._barge_in.drop()  # nothing is left to interrupt: an ordinary turn
        elif not doubted and self._items.left(now) <= self._settings.overlap:
            return  # an early answer, not an interruption
        elif self._barge_in.confirmed(self._turns, now):
            self._interrupt("speech", now)
        elif not doubted and self._turns.speaking:
            self._barge_in.suspect(self._turns.onset, now)
        elif doubted and self._barge_in.doubted(self._turns, now):
            self._out.append(self._barge_in.settle("", now))
            self._out.extend(self._caller.dismiss(now))

    def _settle_turn(self, now: float) -> None:
        if now >= self._shield_until():
            self._out.extend(self._caller.tell_began())
        if now >= self._turn_due_at():
            self._end_turn(now)

    def _turn_due_at(self) -> float:
        if self._barge_in.suspicion is not None:
            return NEVER
        return max(self._turns.over_at(), self._shield_until())

    def _settle_keys(self, now: float) -> None:
        if now >= self._keys_due_at():
            if self._items:
                self._interrupt("key", now)
            self._out.append(ask.SendKeys(self._digits.take()))

    def _keys_due_at(self) -> float:
        return self._items.shield_until() if self._digits.untold else NEVER

    def _settle_farewell(self, now: float) -> None:
        if now >= self._leave_at():
            self._out.extend(self._farewell.go())

    def _leave_at(self) -> float:
        if self._barge_in.suspicion is not None:
            return NEVER
        said_at = self._items.stalled_at() if self._items else 0.0
        return self._farewell.due_at(said_at, listening=self._turns.is_open)

    def _settle_silence(self, now: float) -> None:
        if now < self._silence_due_at():
            return
        if self._no_input.remedy(now) is Remedy.ASK_AGAIN:
            self._out.append(edge(EdgeKind.PASSED, self.stream.at(now)))
            return
        self._farewell.hang_up("no input")
        if text := self._settings.goodbye:
            self._goodbyes += 1
            goodbye = Item(f"goodbye-{self._goodbyes}", ours=True, text=text)
            self._items.begin(goodbye, now)
            self._out.append(ask.Say(goodbye.item, text))
        self._settle_farewell(now)

    def _silence_due_at(self) -> float:
        busy = self._turns.is_open or self._farewell.pending is not None
        return NEVER if busy else self._no_input.due_at()

    def _settle_output(self) -> None:
        paused = self._held or self._barge_in.pausing
        if paused and not self._paused:
            self._out.append(ask.PauseOutput())
        elif self._paused and not paused:
            self._out.append(ask.ResumeOutput(self._settings.rewind if self._items else 0.0))
        self._paused = paused

    # What we do about it.

    def _interrupt(self, by: Literal["speech", "key"], now: float) -> None:
        """The caller has the floor: nothing more of what we were saying is played."""
        verdict = self._barge_in.settle(by, now)
        cut = self._items.cut(now)
        self._out.extend(ask.DropItem(item.item) for item in cut)
        if any(item.queued > 0 for item in cut):
            self._out += (ask.FlushOutput(), verdict)
        for item in cut:
            if item.queued == 0.0 and not item.ours:
                self._out.append(ask.SendInterrupt(item.item, 0.0))
        self._out.extend(self._farewell.withdraw())

    def _end_turn(self, now: float) -> None:
        """The open turn, if any, is over now."""
        self._barge_in.drop()
        if not self._turns.is_open:
            return
        before = self._caller.last
        self._out.extend(self._caller.end(now))
        self._no_input.stir(now)
        if (turn := self._caller.last) is not None and turn is not before:
            self._unanswered = (turn.silent_from, now)
            self._no_input.caller_took_part(now)
            self._out.extend(self._farewell.withdraw())

    def _count(self, expected: bool) -> None:
        self.ignored += not expected
