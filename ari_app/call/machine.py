"""One call, from the offer to the last deleted bridge: told events and the time, it asks for
commands. It never waits and touches nothing; `table` says when each method may run."""

from ari_app.call.commands import (
    Answer,
    ArmDeadman,
    CloseMedia,
    HoldConversation,
    Join,
    OpenBridge,
    PassDigit,
    PrepareAgent,
    ReadReception,
    Release,
    Ring,
    StartConversation,
    StopConversation,
)
from ari_app.call.departure import Departure
from ari_app.call.dispatch import Commands, Dispatch
from ari_app.call.events import (
    Adopted,
    AgentFailed,
    DigitPressed,
    Done,
    Event,
    HandOverAsked,
    MediaEnded,
    MediaQuiet,
    Offered,
    Refused,
    Unknown,
)
from ari_app.call.holdings import Holdings
from ari_app.call.medias import Medias
from ari_app.call.reception import Reception
from ari_app.call.settings import CallSettings
from ari_app.call.table import Phase


class Call(Dispatch):
    """The machine of one call: `handle` and `deadline`."""

    def __init__(self, settings: CallSettings) -> None:
        super().__init__()
        self.outcome = ""
        "How the call went, in a few words; final once the phase is ENDED."
        self._settings = settings
        self._holdings = Holdings(settings.owner, "")
        self._medias = Medias(self._holdings, settings.codec)
        self._departure = Departure(settings.fallback, settings.destinations)
        self._reception = Reception(settings, self._deadlines)
        self._bridge = ""
        self._tries = {
            "join": 2,
            "media": settings.replacements,
            "hand back": settings.hand_backs,
        }

    @property
    def holdings(self) -> Holdings:
        """What of ours is on the PBX."""
        return self._holdings

    # Getting ready.

    def _prepare(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Offered)
        return self._begin(Holdings(self._settings.owner, event.call), now)

    def _adopt(self, event: Event, now: float) -> Commands:
        """The caller is there, and perhaps in a bridge; the old media leads to a dead port."""
        assert isinstance(event, Adopted)
        holdings = Holdings(
            self._settings.owner,
            event.call,
            made=event.made,
            medias=event.medias,
            bridges=event.bridges,
        )
        if not (event.talking and event.medias and event.bridges):
            return self._begin(holdings, now)
        self.phase = Phase.TALKING
        self._holdings, self._bridge = holdings, event.bridges[-1]
        self._medias = Medias(holdings, self._settings.codec, event.medias[-1])
        self._deadlines.set("media lost", now + self._settings.ready)
        self._deadlines.set("renew", now + self._settings.renew)
        return (PrepareAgent(), ArmDeadman(self._settings.deadman), self._medias.open())

    def _begin(self, holdings: Holdings, now: float) -> Commands:
        self.phase = Phase.PREPARING
        self._holdings, self._bridge = holdings, holdings.new_bridge()
        self._medias = Medias(holdings, self._settings.codec)
        self._deadlines.set("not ready in time", now + self._settings.ready)
        self._deadlines.set("renew", now + self._settings.renew)
        deadman = ArmDeadman(self._settings.deadman)
        opening = (self._medias.open(), OpenBridge(self._bridge))
        return (PrepareAgent(), deadman, Ring(), *opening)

    def _join_when_ready(self, event: Event, now: float) -> Commands:
        """When all is there: answer; or, in mid-call, put the new media into the bridge."""
        if not self._medias.ready_after(event):
            return ()
        if self.phase is Phase.TALKING:
            return (Join(self._bridge, (self._medias.next,)),)
        self.phase = Phase.ANSWERING
        return (Answer(), Join(self._bridge, ("", self._medias.next)))

    def _join_again(self, event: Event, now: float) -> Commands:
        """Joining what is joined already does no harm, so an unknown outcome is asked again."""
        assert isinstance(event, Unknown)
        return (event.command,) if self._may("join") else self._fall_back(event, now)

    # Talking.

    def _talk(self, event: Event, now: float) -> Commands:
        self.phase = Phase.TALKING
        self._medias.move_on()
        self._deadlines.drop("not ready in time")
        self._deadlines.set("lead", now + self._settings.lead)
        return ()

    def _pass_digit(self, event: Event, now: float) -> Commands:
        assert isinstance(event, DigitPressed)
        return (PassDigit(event.digit, event.duration),)

    def _hold(self, event: Event, now: float) -> Commands:
        self._reception.heard()
        return (HoldConversation(True),)

    def _resume(self, event: Event, now: float) -> Commands:
        return (HoldConversation(False),)

    # A silent caller, or a lost media?

    def _look_at_reception(self, event: Event, now: float) -> Commands:
        assert isinstance(event, MediaQuiet)
        if event.media != self._medias.current or self._medias.next:
            return ()
        self._reception.quiet(event.seconds, now)
        return (ReadReception(),)

    def _compare_reception(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Done)
        lost = self._reception.lost(event.value, now)
        return self._replace_media(event, now) if lost else ()

    def _media_heard(self, event: Event, now: float) -> Commands:
        self._reception.heard()
        return ()

    def _media_ended(self, event: Event, now: float) -> Commands:
        if event == MediaEnded(self._medias.next):
            return self._fall_back(event, now)
        ours = event == MediaEnded(self._medias.current)
        return self._replace_media(event, now) if ours else ()

    def _replace_media(self, event: Event, now: float) -> Commands:
        self._reception.heard()
        if self._medias.next:
            return ()
        if not self._may("media"):
            return self._fall_back(event, now)
        self._deadlines.set("media lost", now + self._settings.ready)
        return (self._medias.open(),)

    def _go_on_over_new_media(self, event: Event, now: float) -> Commands:
        if not self._medias.next:
            return ()
        self._deadlines.drop("media lost")
        old = self._medias.move_on()
        return (StartConversation(self._medias.current), CloseMedia(old))

    # Handing over.

    def _hand_over(self, event: Event, now: float) -> Commands:
        assert isinstance(event, HandOverAsked)
        if self._departure.choose(event.destination):
            return self._depart(now)
        return self._fall_back(event, now)

    def _fall_back(self, event: Event, now: float) -> Commands:
        if isinstance(event, Refused) and event.gone and isinstance(event.command, Answer | Join):
            # Most likely the caller hung up this instant and CallerLeft is on its way; if not,
            # MediaEnded is, or a deadline finds out.
            return ()
        self._departure.fall_back(event)
        return self._depart(now)

    def _depart(self, now: float) -> Commands:
        self.phase = Phase.HANDING_OVER
        self.outcome = self._departure.outcome
        self._deadlines.replace({"hand back": now + self._settings.hand_back})
        return (Release(), StopConversation(), ArmDeadman(0), self._departure.command())

    def _hand_back_failed(self, event: Event, now: float) -> Commands:
        """Refused: the fallback is tried, then we hang up."""
        gone = isinstance(event, Refused) and event.gone
        if gone or not self._departure.retreat():
            return self._hang_up(event, now)
        return self._depart(now)

    def _note_hang_up(self, event: Event, now: float) -> Commands:
        self.outcome = f"caller hung up while {self.phase.value}"
        return ()

    # Releasing.

    def _hang_up(self, event: Event, now: float) -> Commands:
        return self._let_go("hung up by us", now)

    def _release(self, event: Event, now: float) -> Commands:
        self._holdings.caller_left()
        return self._let_go(f"caller hung up while {self.phase.value}", now)

    def _let_go(self, outcome: str, now: float) -> Commands:
        self.outcome = self.outcome or outcome
        self.phase = Phase.RELEASING
        retry, give_up = now + self._settings.retry, now + self._settings.give_up
        self._deadlines.replace({"retry": retry, "give up": give_up})
        return (Release(), StopConversation(), *self._holdings.deletions())

    def _caller_left(self, event: Event, now: float) -> Commands:
        self._holdings.caller_left()
        return self._end_if_clean()

    def _hang_up_refused(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Refused)
        return self._caller_left(event, now) if event.gone else ()

    def _deleted(self, event: Event, now: float) -> Commands:
        assert isinstance(event, Done)
        self._holdings.deleted(event.command)
        return self._end_if_clean() if self.phase is Phase.RELEASING else ()

    def _end_if_clean(self) -> Commands:
        if not self._holdings:
            self._end()
        return ()

    def _end(self) -> None:
        self.phase = Phase.ENDED
        self._deadlines.replace({})

    def _forget(self, event: Event, now: float) -> Commands:
        """Somebody else has the call: what is on the PBX is left alone."""
        self.outcome = "taken over by another process"
        self._end()
        return (Release(), StopConversation())

    # Time.

    def _on_not_ready_in_time(self, event: Event, now: float) -> Commands:
        return self._fall_back(AgentFailed("not ready in time"), now)

    def _on_media_lost(self, event: Event, now: float) -> Commands:
        return self._fall_back(MediaEnded(self._medias.next), now)

    def _on_renew(self, event: Event, now: float) -> Commands:
        self._deadlines.set("renew", now + self._settings.renew)
        return (ArmDeadman(self._settings.deadman),)

    def _on_lead(self, event: Event, now: float) -> Commands:
        return (StartConversation(self._medias.current),)

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
        self._departure.retreat()
        self.outcome = self._departure.outcome
        self._deadlines.set("hand back", now + self._settings.hand_back)
        return (Release(), self._departure.command())

    def _on_retry(self, event: Event, now: float) -> Commands:
        self._deadlines.set("retry", now + self._settings.retry)
        return (Release(), *self._holdings.deletions())

    def _on_give_up(self, event: Event, now: float) -> Commands:
        self.outcome += ", not everything could be deleted"
        self._end()
        return ()

    def _may(self, what: str) -> bool:
        self._tries[what] -= 1
        return self._tries[what] >= 0
