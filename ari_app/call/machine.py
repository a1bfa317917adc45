"""One call, from the offer to the last deleted bridge: told events and the time, it asks for
commands. It never waits and touches nothing; `table` says when each method may run."""

from collections.abc import Callable

from ari_app.call.commands import (
    Answer,
    ArmDeadman,
    CloseMedia,
    Command,
    HandBack,
    HangUp,
    HoldConversation,
    Join,
    OpenBridge,
    OpenMedia,
    PassDigit,
    PrepareAgent,
    ReadReception,
    Release,
    Ring,
    StartConversation,
    StopConversation,
)
from ari_app.call.events import (
    AgentFailed,
    DigitPressed,
    Done,
    Event,
    HandOverAsked,
    MediaEnded,
    MediaJoined,
    MediaQuiet,
    Offered,
    Refused,
    Unknown,
)
from ari_app.call.holdings import Holdings
from ari_app.call.reception import Reception
from ari_app.call.settings import CallSettings, Extension
from ari_app.call.table import TRANSITIONS, Phase, Verdict, key, verdict
from ari_app.errors import UnexpectedEvent

Commands = tuple[Command, ...]
Action = Callable[[Event, float], Commands]


class Call:
    """The machine of one call: `handle` and `deadline`."""

    def __init__(self, settings: CallSettings) -> None:
        self.phase = Phase.OFFERED
        self.outcome = ""
        "How the call went, in a few words; final once the phase is ENDED."
        self.ignored = 0
        self._settings = settings
        self._holdings = Holdings(settings.owner, "")
        self._reception = Reception(settings.second_look)
        self._deadlines: dict[str, float] = {}
        self._bridge = ""
        self._media = ""
        self._next_media = ""
        self._ready: set[str] = set()
        self._tries = {
            "join": 2,
            "media": settings.replacements,
            "hand back": settings.hand_backs,
        }
        self._target = settings.fallback
        self._caller_here = True

    def handle(self, event: Event, now: float) -> Commands:
        """Take one event. Raises UnexpectedEvent, changing nothing, for what cannot be."""
        name = key(event)
        found = verdict(self.phase, name)
        if found is Verdict.BUG:
            raise UnexpectedEvent(f"{name} while {self.phase.value}")
        if found is Verdict.IGNORE:
            self.ignored += 1
            return ()
        row, before = TRANSITIONS[self.phase, name], self.phase
        action: Action = getattr(self, f"_{row.action}")
        commands = action(event, now)
        if self.phase is not before and self.phase not in row.to:
            raise AssertionError(f"{row} moved to {self.phase}, which the table does not say")
        return commands

    def deadline(self) -> float | None:
        """When to send a Tick, in the clock of `now`; None: never."""
        return min(self._deadlines.values(), default=None)

    # Getting ready.

    def _prepare(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Offered)
        self.phase = Phase.PREPARING
        self._holdings = Holdings(self._settings.owner, event.call)
        self._bridge = self._holdings.new_bridge()
        self._deadlines["not ready in time"] = now + self._settings.ready
        self._deadlines["renew"] = now + self._settings.renew
        deadman = ArmDeadman(self._settings.deadman)
        return (PrepareAgent(), deadman, Ring(), self._open_media(), OpenBridge(self._bridge))

    def _open_media(self) -> Command:
        self._next_media = self._holdings.new_media()
        self._ready -= {"opened", "joined"}
        return OpenMedia(self._next_media, self._settings.codec)

    def _bridge_opened(self, event: Event, now: float) -> Commands:
        return self._ready_with("bridge")

    def _agent_ready(self, event: Event, now: float) -> Commands:
        return self._ready_with("agent")

    def _media_opened(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Done)
        ours = event.command == OpenMedia(self._next_media, self._settings.codec)
        return self._ready_with("opened") if ours else ()

    def _media_joined(self, event: Event, now: float) -> Commands:
        ours = event == MediaJoined(self._next_media)
        return self._ready_with("joined") if ours else ()

    def _ready_with(self, part: str) -> Commands:
        """When all is ready: answer; or, in mid-call, put the new media into the bridge."""
        self._ready.add(part)
        if not self._ready >= {"bridge", "opened", "joined", "agent"}:
            return ()
        if self.phase is Phase.TALKING:
            return (Join(self._bridge, (self._next_media,)),)
        self.phase = Phase.ANSWERING
        return (Answer(), Join(self._bridge, ("", self._next_media)))

    def _join_again(self, event: Event, now: float) -> Commands:
        """Joining what is joined already does no harm, so an unknown outcome is asked again."""
        assert isinstance(event, Unknown)
        return (event.command,) if self._may("join") else self._fall_back(event, now)

    # Talking.

    def _talk(self, event: Event, now: float) -> Commands:
        self.phase = Phase.TALKING
        self._media, self._next_media = self._next_media, ""
        del self._deadlines["not ready in time"]
        self._deadlines["lead"] = now + self._settings.lead
        return ()

    def _pass_digit(self, event: Event, now: float) -> Commands:
        assert isinstance(event, DigitPressed)
        return (PassDigit(event.digit, event.duration),)

    def _hold(self, event: Event, now: float) -> Commands:
        self._media_heard(event, now)
        return (HoldConversation(True),)

    def _resume(self, event: Event, now: float) -> Commands:
        return (HoldConversation(False),)

    # A silent caller, or a lost media?

    def _look_at_reception(self, event: Event, now: float) -> Commands:
        assert isinstance(event, MediaQuiet)
        if event.media != self._media or self._next_media:
            return ()
        gone = now - event.seconds + self._settings.caller_gone
        self._deadlines.setdefault("caller gone silent", gone)
        self._reception.quiet()
        return (ReadReception(),)

    def _compare_reception(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Done)
        if event.value is None:
            return ()
        if self._reception.needs_another(event.value):
            self._deadlines["second look"] = now + self._settings.second_look
            return ()
        return self._replace_media(event, now) if self._reception.lost(event.value) else ()

    def _media_heard(self, event: Event, now: float) -> Commands:
        self._reception.heard()
        self._deadlines.pop("second look", None)
        self._deadlines.pop("caller gone silent", None)
        return ()

    def _media_ended(self, event: Event, now: float) -> Commands:
        if event == MediaEnded(self._next_media):
            return self._fall_back(event, now)
        return self._replace_media(event, now) if event == MediaEnded(self._media) else ()

    def _replace_media(self, event: Event, now: float) -> Commands:
        self._media_heard(event, now)
        if self._next_media:
            return ()
        if not self._may("media"):
            return self._fall_back(event, now)
        self._deadlines["media lost"] = now + self._settings.ready
        return (self._open_media(),)

    def _go_on_over_new_media(self, event: Event, now: float) -> Commands:
        if not self._next_media:
            return ()
        del self._deadlines["media lost"]
        old, self._media, self._next_media = self._media, self._next_media, ""
        return (StartConversation(self._media), CloseMedia(old))

    # Handing over.

    def _hand_over(self, event: Event, now: float) -> Commands:
        assert isinstance(event, HandOverAsked)
        target = self._settings.destinations.get(event.destination)
        if target is None:
            return self._fall_back(event, now)
        self.outcome = f"handed over to {event.destination}"
        return self._go_to(target, now)

    def _fall_back(self, event: Event, now: float) -> Commands:
        if isinstance(event, Refused) and event.gone and isinstance(event.command, Answer | Join):
            # Most likely the caller hung up this instant and CallerLeft is on its way; if not,
            # MediaEnded is, or a deadline finds out.
            return ()
        self.outcome = f"fallback: {_why(event)}"
        return self._go_to(self._settings.fallback, now)

    def _go_to(self, target: Extension, now: float) -> Commands:
        self.phase = Phase.HANDING_OVER
        self._target = target
        self._deadlines = {"hand back": now + self._settings.hand_back}
        back = HandBack(target.context, target.extension, target.priority)
        return (Release(), StopConversation(), ArmDeadman(0), back)

    def _hand_back_failed(self, event: Event, now: float) -> Commands:
        """Refused: the fallback is tried, then we hang up."""
        gone = isinstance(event, Refused) and event.gone
        if gone or self._target == self._settings.fallback:
            return self._hang_up(event, now)
        self.outcome += ", which failed: fallback"
        return self._go_to(self._settings.fallback, now)

    def _note_hang_up(self, event: Event, now: float) -> Commands:
        self.outcome = f"caller hung up while {self.phase.value}"
        return ()

    # Releasing.

    def _hang_up(self, event: Event, now: float) -> Commands:
        self.outcome = self.outcome or "hung up by us"
        self._begin_releasing(now)
        return (Release(), StopConversation(), HangUp(), *self._holdings.deletions())

    def _release(self, event: Event, now: float) -> Commands:
        self.outcome = self.outcome or f"caller hung up while {self.phase.value}"
        self._caller_here = False
        self._begin_releasing(now)
        return (Release(), StopConversation(), *self._holdings.deletions())

    def _begin_releasing(self, now: float) -> None:
        self.phase = Phase.RELEASING
        retry, give_up = now + self._settings.retry, now + self._settings.give_up
        self._deadlines = {"retry": retry, "give up": give_up}

    def _caller_left(self, event: Event, now: float) -> Commands:
        self._caller_here = False
        return self._end_if_clean()

    def _hang_up_refused(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Refused)
        self._caller_here = self._caller_here and not event.gone
        return self._end_if_clean()

    def _deleted(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Done)
        self._holdings.deleted(event.command)
        return self._end_if_clean() if self.phase is Phase.RELEASING else ()

    def _end_if_clean(self) -> Commands:
        if not self._caller_here and not self._holdings:
            self._end()
        return ()

    def _end(self) -> None:
        self.phase = Phase.ENDED
        self._deadlines = {}

    # Time.

    def _wake(self, event: Event, now: float) -> Commands:
        commands: list[Command] = []
        for name in [name for name, at in self._deadlines.items() if at <= now]:
            if self._deadlines.pop(name, None) is None:
                continue  # an earlier one of this Tick has changed everything
            action: Action = getattr(self, f"_on_{name.replace(' ', '_')}")
            commands += action(event, now)
        return tuple(commands)

    def _on_not_ready_in_time(self, event: Event, now: float) -> Commands:
        return self._fall_back(AgentFailed("not ready in time"), now)

    def _on_media_lost(self, event: Event, now: float) -> Commands:
        return self._fall_back(MediaEnded(self._next_media), now)

    def _on_renew(self, event: Event, now: float) -> Commands:
        self._deadlines["renew"] = now + self._settings.renew
        return (ArmDeadman(self._settings.deadman),)

    def _on_lead(self, event: Event, now: float) -> Commands:
        return (StartConversation(self._media),)

    def _on_second_look(self, event: Event, now: float) -> Commands:
        return (ReadReception(),)

    def _on_caller_gone_silent(self, event: Event, now: float) -> Commands:
        self.outcome = "caller gone silent"
        return self._hang_up(event, now)

    def _on_hand_back(self, event: Event, now: float) -> Commands:
        """Not fetched: a PBX that answers nothing is asked again. Asking twice does no harm: it
        refuses what would take the caller from where he went."""
        if not self._may("hand back"):
            return self._hang_up(event, now)
        if self._target != self._settings.fallback:
            self.outcome += ", which failed: fallback"
            self._target = self._settings.fallback
        self._deadlines["hand back"] = now + self._settings.hand_back
        target = self._target
        return (Release(), HandBack(target.context, target.extension, target.priority))

    def _on_retry(self, event: Event, now: float) -> Commands:
        self._deadlines["retry"] = now + self._settings.retry
        hang_up = (HangUp(),) if self._caller_here else ()
        return (Release(), *hang_up, *self._holdings.deletions())

    def _on_give_up(self, event: Event, now: float) -> Commands:
        self.outcome += ", not everything could be deleted"
        self._end()
        return ()

    def _may(self, what: str) -> bool:
        self._tries[what] -= 1
        return self._tries[what] >= 0


def _why(event: Event) -> str:
    if isinstance(event, HandOverAsked):
        return f"no destination is named {event.destination!r}"
    reason = getattr(event, "reason", "")
    return f"{key(event)}: {reason}" if reason else key(event)
