"""The figures as Prometheus would read them."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ari_app.call.departure import Departure
from ari_app.call.events import AgentFailed
from ari_app.call.settings import Extension
from ari_app.media.lateness import BOUNDS, LatenessSeen
from ari_app.media.values import MediaStatistics
from ari_app.watch.figures import Figures, Identity, outcome_class
from tests.watch.conftest import Worker

Samples = dict[tuple[str, ...], float]


def read(figures: Figures) -> Samples:
    """Values by name and label values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(figures.text().decode())
        for sample in family.samples
    }


def fallen_back() -> str:
    departure = Departure(Extension("fallback", "s"), {})
    departure.fall_back(AgentFailed("model away"))
    return departure.outcome


def handed_over(*, failed: bool) -> str:
    departure = Departure(Extension("fallback", "s"), {"sales": Extension("transfer", "sales")})
    departure.choose("sales")
    if failed:
        departure.retreat()
    return departure.outcome


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (fallen_back(), "fallback"),
        (handed_over(failed=False), "handed_over"),
        (handed_over(failed=True), "fallback"),
        ("caller hung up while talking", "caller_hung_up"),
        ("caller gone silent", "caller_gone"),
        ("hung up by us, not everything could be deleted", "hung_up"),
        ("taken over by another process", "taken_over"),
        ("", "other"),
        ("+49 30 123456 said something", "other"),
    ],
)
def test_outcomes_have_few_classes(outcome: str, expected: str) -> None:
    assert outcome_class(outcome) == expected


def test_calls_are_counted_by_phase_and_outcome(figures: Figures) -> None:
    for at, phase in enumerate(("preparing", "answering", "talking", "handing over", "releasing")):
        figures.entered(phase, "", at / 10)
    figures.entered("ended", f"{fallen_back()}, not everything could be deleted", 0.5)
    seen = read(figures)
    assert seen["attendant_call_phases_total", "talking"] == 1
    assert seen["attendant_calls_ended_total", "fallback"] == 1
    assert seen["attendant_calls_ended_total", "handed_over"] == 0
    assert seen["attendant_calls_unclean_total",] == 1
    assert seen["attendant_call_ready_seconds_sum",] == pytest.approx(0.1)
    assert seen["attendant_call_ready_seconds_bucket", "0.1"] == 1


def test_turns_and_interruptions(figures: Figures) -> None:
    figures.turn(0.55, 1.1)
    figures.barge_in(True, 0.065)
    figures.barge_in(False, None)
    seen = read(figures)
    assert seen["attendant_turn_decided_seconds_sum",] == pytest.approx(0.55)
    assert seen["attendant_turn_answered_seconds_bucket", "1.25"] == 1
    assert seen["attendant_turn_answered_seconds_bucket", "1.0"] == 0
    assert seen["attendant_barge_ins_total", "committed"] == 1
    assert seen["attendant_barge_ins_total", "dismissed"] == 1
    assert seen["attendant_barge_in_paused_seconds_count",] == 1


def test_medias_add_up(figures: Figures) -> None:
    for lost in (10, 0):
        figures.media_closed(
            MediaStatistics(received=990, lost=lost, late=2, concealed=lost, filled=7, jitter=0.004)
        )
    seen = read(figures)
    assert seen["attendant_rtp_packets_total", "received"] == 1980
    assert seen["attendant_rtp_packets_total", "lost"] == 10
    assert seen["attendant_rtp_packets_total", "late"] == 4
    assert seen["attendant_frames_total", "concealed"] == 10
    assert seen["attendant_frames_total", "filled"] == 14
    assert seen["attendant_media_loss_ratio_bucket", "0.0"] == 1
    assert seen["attendant_media_loss_ratio_bucket", "0.01"] == 2
    assert seen["attendant_media_jitter_seconds_sum",] == pytest.approx(0.008)


def test_a_media_that_heard_nothing_spoils_no_average(figures: Figures) -> None:
    figures.media_closed(MediaStatistics(sent=50))
    seen = read(figures)
    assert seen["attendant_rtp_packets_total", "sent"] == 50
    assert seen["attendant_media_loss_ratio_count",] == 0


def test_what_is_so_now_is_looked_at_when_it_is_read(figures: Figures, worker: Worker) -> None:
    figures.observe(worker)
    seen = read(figures)
    assert seen["attendant_calls", "talking"] == 2
    assert seen["attendant_calls", "handing over"] == 1
    assert seen["attendant_calls", "preparing"] == 0
    assert seen["attendant_line_connected", "main"] == 1
    assert (seen["attendant_store_healthy",], seen["attendant_draining",]) == (1, 0)
    assert seen["attendant_line_events_total", "reaped"] == 2
    worker.seen = replace(
        worker.seen, calls=(), lines={"main": False}, store_healthy=False, draining=True
    )
    seen = read(figures)
    assert seen["attendant_calls", "talking"] == 0
    assert seen["attendant_line_connected", "main"] == 0
    assert (seen["attendant_store_healthy",], seen["attendant_draining",]) == (0, 1)


def test_the_lateness_of_frames_is_a_histogram(figures: Figures, worker: Worker) -> None:
    counts = (90, 5, 3, 1, *[0] * (len(BOUNDS) - 4), 1)
    worker.seen = replace(worker.seen, lateness=LatenessSeen(counts, 0.5))
    figures.observe(worker)
    seen = read(figures)
    name = "attendant_frame_lateness_seconds"
    assert seen[f"{name}_bucket", "0.001"] == 90
    assert seen[f"{name}_bucket", "0.2"] == 99
    assert seen[f"{name}_bucket", "+Inf"] == seen[f"{name}_count",] == 100
    assert seen[f"{name}_sum",] == 0.5


def test_two_workers_in_one_process_do_not_share_figures(figures: Figures) -> None:
    other = Figures(Identity("attendant", 4))
    figures.adoption("adopted")
    assert read(figures)["attendant_adoptions_total", "adopted"] == 1
    assert read(other)["attendant_adoptions_total", "adopted"] == 0
    about = next(key for key in read(other) if key[0] == "attendant_info")
    assert {"attendant", "4"} <= set(about)
