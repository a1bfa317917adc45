"""One call, told events and the time."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.call import commands as c
from ari_app.call import events as e
from ari_app.call.ids import Owner
from ari_app.call.machine import Call
from ari_app.call.settings import CallSettings, Extension
from ari_app.call.table import Phase
from ari_app.errors import UnexpectedEvent

FALLBACK = Extension("attendant-fallback", "s")
MAILBOX = Extension("attendant-transfer", "mailbox")
SETTINGS = CallSettings(
    owner=Owner("attendant", 1), fallback=FALLBACK, destinations={"mailbox": MAILBOX}
)
OFFER = e.Offered(call="k1", channel="PJSIP-1", caller="1001", called="700")
MEDIA = "attendant.1.k1.m2"
BRIDGE = "attendant.1.k1.b1"
JOIN = c.Join(BRIDGE, ("", MEDIA))
GONE_TO_FALLBACK = c.HandBack("attendant-fallback", "s")


def preparing() -> Call:
    call = Call(SETTINGS)
    call.handle(OFFER, 100.0)
    return call


def talking() -> Call:
    call = preparing()
    for event in (
        e.Done(c.OpenMedia(MEDIA, "ulaw")),
        e.MediaJoined(MEDIA),
        e.Done(c.OpenBridge(BRIDGE)),
        e.AgentReady(),
        e.Done(JOIN),
    ):
        call.handle(event, 100.1)
    assert call.phase is Phase.TALKING
    return call


def released(call: Call, now: float = 200.0) -> None:
    """Carries every deletion out and expects the end."""
    for event in (
        e.CallerLeft(),
        e.Done(c.CloseMedia(MEDIA)),
        e.Done(c.CloseMedia("attendant.1.k1.m3")),
        e.Done(c.CloseBridge(BRIDGE)),
    ):
        call.handle(event, now)
    assert call.phase is Phase.ENDED
    assert call.deadline() is None


def test_an_offered_caller_hears_ringing_while_everything_is_made_ready() -> None:
    call = Call(SETTINGS)
    assert call.handle(OFFER, 100.0) == (
        c.PrepareAgent(),
        c.ArmDeadman(15),
        c.Ring(),
        c.OpenMedia(MEDIA, "ulaw"),
        c.OpenBridge(BRIDGE),
    )


@pytest.mark.parametrize("last", range(4))
def test_it_answers_only_when_all_is_ready_in_whatever_order(last: int) -> None:
    call = preparing()
    parts: list[e.Event] = [
        e.Done(c.OpenMedia(MEDIA, "ulaw")),
        e.MediaJoined(MEDIA),
        e.Done(c.OpenBridge(BRIDGE)),
        e.AgentReady(),
    ]
    parts.append(parts.pop(last))
    for part in parts[:-1]:
        assert call.handle(part, 100.1) == ()
    assert call.handle(parts[-1], 100.2) == (c.Answer(), JOIN)


def test_the_first_word_waits_for_the_phone_to_open_its_media() -> None:
    call = talking()
    assert call.deadline() == pytest.approx(100.3)
    assert call.handle(e.Tick(), 100.3) == (c.StartConversation(MEDIA),)


def test_the_deadman_switch_is_renewed_as_long_as_the_call_lives() -> None:
    call = talking()
    call.handle(e.Tick(), 100.3)
    for second in (105.0, 110.0, 115.0):
        assert call.deadline() == pytest.approx(second)
        assert call.handle(e.Tick(), second) == (c.ArmDeadman(15),)


@pytest.mark.parametrize(
    "trouble",
    [
        e.Refused(c.OpenMedia(MEDIA, "ulaw"), "500"),
        e.Unknown(c.OpenBridge(BRIDGE)),
        e.AgentFailed("no voice"),
        e.MediaEnded(MEDIA),
        e.Drained(),
    ],
)
def test_trouble_while_preparing_sends_the_caller_to_the_fallback(trouble: e.Event) -> None:
    call = preparing()
    commands = call.handle(trouble, 101.0)
    assert commands[-2:] == (c.ArmDeadman(0), GONE_TO_FALLBACK)
    assert call.outcome.startswith("fallback: ")
    call.handle(e.CallerLeft(), 101.5)
    released(call)


def test_not_ready_in_time_falls_back() -> None:
    call = preparing()
    assert call.handle(e.Tick(), 105.0)[-1] == GONE_TO_FALLBACK
    assert call.outcome == "fallback: AgentFailed: not ready in time"


def test_hand_over_disarms_the_deadman_and_cleans_up_after_the_dialplan_took_the_caller() -> None:
    call = talking()
    commands = call.handle(e.HandOverAsked("mailbox"), 110.0)
    assert commands[-2:] == (c.ArmDeadman(0), c.HandBack("attendant-transfer", "mailbox"))
    assert call.handle(e.CallerLeft(), 110.4) == (
        c.Release(),
        c.StopConversation(),
        c.CloseMedia(MEDIA),
        c.CloseBridge(BRIDGE),
    )
    released(call)
    assert call.outcome == "handed over to mailbox"


def test_an_unknown_destination_is_the_fallback() -> None:
    call = talking()
    assert call.handle(e.HandOverAsked("moon"), 110.0)[-1] == GONE_TO_FALLBACK
    assert call.outcome == "fallback: no destination is named 'moon'"


def test_a_refused_hand_over_tries_the_fallback_and_then_hangs_up() -> None:
    call = talking()
    back = call.handle(e.HandOverAsked("mailbox"), 110.0)[-1]
    again = call.handle(e.Refused(back, "500"), 110.1)
    assert again[-1] == GONE_TO_FALLBACK
    assert c.HangUp() in call.handle(e.Refused(GONE_TO_FALLBACK, "500"), 110.2)
    released(call)


def test_a_pbx_that_does_not_answer_is_asked_again_until_the_deadman_has_struck() -> None:
    call = talking()
    call.handle(e.HandOverAsked("mailbox"), 110.0)
    now = 113.0
    while (commands := call.handle(e.Tick(), now)) == (c.Release(), GONE_TO_FALLBACK):
        now += 3.0
    assert c.HangUp() in commands
    assert now - 110.0 > CallSettings.deadman
    released(call)


def test_hang_up_waits_for_the_caller_to_leave() -> None:
    call = talking()
    commands = call.handle(e.HangUpAsked(), 110.0)
    assert commands[2:] == (c.HangUp(), c.CloseMedia(MEDIA), c.CloseBridge(BRIDGE))
    call.handle(e.Done(c.CloseMedia(MEDIA)), 110.1)
    call.handle(e.Done(c.CloseBridge(BRIDGE)), 110.1)
    assert call.phase is Phase.RELEASING
    call.handle(e.CallerLeft(), 110.2)
    assert call.phase is Phase.ENDED


def test_what_could_not_be_deleted_is_tried_again_and_in_the_end_left_to_the_reaper() -> None:
    call = talking()
    call.handle(e.CallerLeft(), 110.0)
    call.handle(e.Unknown(c.CloseMedia(MEDIA)), 110.2)
    call.handle(e.Done(c.CloseBridge(BRIDGE)), 110.2)
    assert call.handle(e.Tick(), 111.0) == (c.Release(), c.CloseMedia(MEDIA))
    call.handle(e.Tick(), 125.0)
    assert call.phase is Phase.ENDED
    assert "not everything could be deleted" in call.outcome


def test_a_silent_caller_is_not_a_lost_media() -> None:
    call = talking()
    call.handle(e.Tick(), 100.3)
    assert call.handle(e.MediaQuiet(MEDIA, 2.0), 103.0) == (c.ReadReception(),)
    assert call.handle(e.Done(c.ReadReception(), 500), 103.01) == ()
    assert call.handle(e.Tick(), 103.52) == (c.ReadReception(),)
    assert call.handle(e.Done(c.ReadReception(), 501), 103.53) == ()
    assert call.phase is Phase.TALKING


def test_a_lost_media_is_made_anew_and_the_conversation_goes_on_over_it() -> None:
    call = talking()
    call.handle(e.Tick(), 100.3)
    call.handle(e.MediaQuiet(MEDIA, 2.0), 103.0)
    call.handle(e.Done(c.ReadReception(), 500), 103.01)
    call.handle(e.Tick(), 103.52)
    new = "attendant.1.k1.m3"
    opening = c.OpenMedia(new, "ulaw")
    assert call.handle(e.Done(c.ReadReception(), 525), 103.53) == (opening,)
    assert call.handle(e.Done(opening), 103.6) == ()
    assert call.handle(e.MediaJoined(new), 103.6) == (c.Join(BRIDGE, (new,)),)
    assert call.handle(e.Done(c.Join(BRIDGE, (new,))), 103.7) == (
        c.StartConversation(new),
        c.CloseMedia(MEDIA),
    )
    call.handle(e.Done(c.CloseMedia(MEDIA)), 103.8)
    call.handle(e.CallerLeft(), 104.0)
    released(call)


def test_a_media_that_ends_again_and_again_ends_in_the_fallback() -> None:
    call = talking()
    number = 2
    for _ in range(SETTINGS.replacements):
        commands = call.handle(e.MediaEnded(f"attendant.1.k1.m{number}"), 110.0)
        number += 1
        new = f"attendant.1.k1.m{number}"
        assert commands == (c.OpenMedia(new, "ulaw"),)
        call.handle(e.Done(c.OpenMedia(new, "ulaw")), 110.0)
        call.handle(e.MediaJoined(new), 110.0)
        call.handle(e.Done(c.Join(BRIDGE, (new,))), 110.0)
    commands = call.handle(e.MediaEnded(f"attendant.1.k1.m{number}"), 110.0)
    assert commands[-1] == GONE_TO_FALLBACK


def test_a_caller_who_sends_nothing_for_a_minute_is_let_go() -> None:
    call = talking()
    call.handle(e.Tick(), 100.3)
    now, hung_up = 103.0, False
    while not hung_up:
        commands = call.handle(e.MediaQuiet(MEDIA, now - 101.0), now)
        commands += call.handle(e.Tick(), now)
        hung_up = c.HangUp() in commands
        now += 2.0
        assert now < 170
    assert now - 2.0 >= 161.0
    assert call.outcome == "caller gone silent"


def test_words_after_silence_give_the_caller_a_whole_minute_again() -> None:
    call = talking()
    call.handle(e.Tick(), 100.3)
    call.handle(e.MediaQuiet(MEDIA, 2.0), 103.0)
    call.handle(e.MediaHeard(MEDIA), 104.0)
    assert c.HangUp() not in call.handle(e.Tick(), 161.5)


def test_keys_reach_the_conversation_only_while_it_talks() -> None:
    assert preparing().handle(e.DigitPressed("1", 0.1), 101.0) == ()
    assert talking().handle(e.DigitPressed("1", 0.1), 101.0) == (c.PassDigit("1", 0.1),)


def test_an_impossible_outcome_is_a_bug_and_changes_nothing() -> None:
    call = preparing()
    before = dict(vars(call))
    with pytest.raises(UnexpectedEvent, match="HandBack done while preparing"):
        call.handle(e.Done(c.HandBack("a", "b")), 101.0)
    assert vars(call) == before


@pytest.mark.parametrize("make", [preparing, talking])
def test_the_caller_may_hang_up_at_any_time(make: Callable[[], Call]) -> None:
    call = make()
    commands = call.handle(e.CallerLeft(), 110.0)
    assert set(commands) >= {c.CloseMedia(MEDIA), c.CloseBridge(BRIDGE)}
    released(call)


COMMANDS = st.sampled_from(
    [
        c.Ring(),
        c.Answer(),
        c.ArmDeadman(15),
        c.OpenMedia(MEDIA, "ulaw"),
        c.CloseMedia(MEDIA),
        c.OpenBridge(BRIDGE),
        JOIN,
        c.CloseBridge(BRIDGE),
        c.HandBack("attendant-transfer", "mailbox"),
        c.HangUp(),
        c.ReadReception(),
    ]
)
EVENTS = st.one_of(
    st.sampled_from(
        [
            e.MediaJoined(MEDIA),
            e.MediaEnded(MEDIA),
            e.MediaQuiet(MEDIA, 2.0),
            e.MediaHeard(MEDIA),
            e.CallerHungUp(16),
            e.CallerLeft(),
            e.DigitPressed("5", 0.1),
            e.CallerHeld(),
            e.CallerResumed(),
            e.AgentReady(),
            e.AgentFailed("x"),
            e.HandOverAsked("mailbox"),
            e.HandOverAsked("moon"),
            e.HangUpAsked(),
            e.Drained(),
            e.Disowned(),
            e.Tick(),
        ]
    ),
    st.builds(e.Done, COMMANDS, st.integers(0, 1000)),
    st.builds(e.Refused, COMMANDS, st.just("409"), st.booleans()),
    st.builds(e.Unknown, COMMANDS),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=60))
def test_whatever_happens_a_call_can_always_end_and_never_waits_for_ever(
    story: list[tuple[e.Event, float]],
) -> None:
    call, now = preparing(), 100.0
    for event, later in story:
        now += later
        try:
            call.handle(event, now)
        except UnexpectedEvent:
            continue
        assert call.phase is Phase.ENDED or call.deadline() is not None
    for _ in range(200):
        if call.phase is Phase.ENDED:
            break
        deadline = call.deadline()
        assert deadline is not None
        now = max(now, deadline)
        call.handle(e.Tick(), now)
        if now > 5000.0 or call.phase is Phase.TALKING:
            call.handle(e.CallerLeft(), now)
    assert call.phase is Phase.ENDED


LEFT = ("attendant.2.k1.m2",)
BRIDGES = ("attendant.2.k1.b1",)


def adopted(talking: bool = True) -> Call:
    call = Call(SETTINGS)
    call.handle(e.Adopted("k1", 2, LEFT, BRIDGES, talking), 100.0)
    return call


def test_an_adopted_call_goes_on_in_its_bridge_over_a_new_media() -> None:
    call = Call(SETTINGS)
    opening = c.OpenMedia("attendant.1.k1.m3", "ulaw")
    commands = call.handle(e.Adopted("k1", 2, LEFT, BRIDGES, True), 100.0)
    assert commands == (c.PrepareAgent(), c.ArmDeadman(15), opening)
    assert call.handle(e.Done(opening), 100.1) == ()
    assert call.handle(e.MediaJoined(opening.media), 100.1) == ()
    join = c.Join(BRIDGES[0], (opening.media,))
    assert call.handle(e.AgentReady(), 100.5) == (join,)
    assert call.handle(e.Done(join), 100.6) == (
        c.StartConversation(opening.media),
        c.CloseMedia(LEFT[0]),
    )


def test_a_call_adopted_before_it_was_answered_is_prepared_anew() -> None:
    call = Call(SETTINGS)
    commands = call.handle(e.Adopted("k1", 2, LEFT, BRIDGES, False), 100.0)
    assert c.OpenBridge("attendant.1.k1.b3") in commands
    assert call.phase is Phase.PREPARING
    deletions = call.handle(e.CallerLeft(), 101.0)
    assert {c.CloseMedia(LEFT[0]), c.CloseBridge(BRIDGES[0])} <= set(deletions)


def test_an_adopted_call_that_gets_no_media_falls_back() -> None:
    call = adopted()
    assert call.handle(e.Tick(), 105.0)[-1] == GONE_TO_FALLBACK


@pytest.mark.parametrize("make", [preparing, talking, adopted])
def test_a_call_that_another_process_took_over_is_left_alone(make: Callable[[], Call]) -> None:
    call = make()
    assert call.handle(e.Disowned(), 110.0) == (c.Release(), c.StopConversation())
    assert call.phase is Phase.ENDED
