"""The figures of one worker, as Prometheus reads them.

Each worker counts for itself and is asked at a port of its own; Prometheus adds up (`sum by (le)`
and the like). Its multiprocess mode would need a folder that all share and somebody who clears
up after the killed, and would hide the very thing one wants to know of several workers: which of
them is down, late or full. Labels are few and closed sets: no call, number or word is in any.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from ari_app import __version__
from ari_app.call.table import Phase
from ari_app.media.lateness import BOUNDS
from ari_app.media.values import MediaStatistics
from ari_app.watch.observed import Observed, Snapshot

OUTCOMES: Mapping[str, str] = {
    "caller hung up": "caller_hung_up",
    "hung up by us": "hung_up",
    "caller gone silent": "caller_gone",
    "handed over to": "handed_over",
    "fallback:": "fallback",
    "taken over by another process": "taken_over",
}
"How a call's outcome begins, and its class."
UNCLEAN = "not everything could be deleted"
"In the outcome of a call that left something behind on the PBX."

PACKETS = ("received", "sent", "lost", "late", "reordered", "duplicate", "malformed")
FRAMES = ("concealed", "filled")
"Fields of MediaStatistics."

WAITS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
"Buckets for what a caller waits for, seconds."
PAUSES = (0.02, 0.04, 0.06, 0.07, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
JITTERS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
LOSSES = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)

Fact = str | float | bool


def outcome_class(outcome: str) -> str:
    """One of OUTCOMES' classes, or `other`."""
    if "which failed: fallback" in outcome:
        return "fallback"
    found = (name for start, name in OUTCOMES.items() if outcome.startswith(start))
    return next(found, "other")


@dataclass(frozen=True)
class Identity:
    """Whose figures these are."""

    app: str
    worker: int


class Figures:
    """Counts what it is told, and looks at the worker when it is asked."""

    def __init__(self, identity: Identity) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        about = {"app": identity.app, "worker": str(identity.worker), "version": __version__}
        Info("attendant", "Who answers", registry=registry).info(about)
        self._calls(registry)
        self._quality(registry)

    def _calls(self, registry: CollectorRegistry) -> None:
        self._phases = Counter(
            "attendant_call_phases", "Phases that calls came into", ["phase"], registry=registry
        )
        self._ended = Counter(
            "attendant_calls_ended", "Calls that ended", ["outcome"], registry=registry
        )
        self._unclean = Counter(
            "attendant_calls_unclean",
            "Calls that left something behind on the PBX, for the reaper",
            registry=registry,
        )
        self._adopted = Counter(
            "attendant_adoptions",
            "Callers whom another worker had lost: adopted, or failed and given to the fallback",
            ["result"],
            registry=registry,
        )
        self._ready = Histogram(
            "attendant_call_ready_seconds",
            "From the offer until media and agent are ready and the caller is answered",
            buckets=WAITS,
            registry=registry,
        )
        for outcome in (*OUTCOMES.values(), "other"):
            self._ended.labels(outcome)
        for result in ("adopted", "failed"):
            self._adopted.labels(result)

    def _quality(self, registry: CollectorRegistry) -> None:
        def seconds(name: str, about: str, buckets: tuple[float, ...] = WAITS) -> Histogram:
            return Histogram(f"attendant_{name}_seconds", about, buckets=buckets, registry=registry)

        self._decided = seconds("turn_decided", "From a caller's last word until we take the turn")
        self._answered = seconds("turn_answered", "From a caller's last word until the answer")
        self._barge_ins = Counter(
            "attendant_barge_ins", "Suspected interruptions", ["verdict"], registry=registry
        )
        self._paused = seconds(
            "barge_in_paused", "From the onset of the caller's speech to our silence", PAUSES
        )
        self._packets = Counter(
            "attendant_rtp_packets", "Of closed medias", ["kind"], registry=registry
        )
        self._frames = Counter(
            "attendant_frames", "Heard of closed medias, not as sent", ["kind"], registry=registry
        )
        self._jitter = seconds("media_jitter", "Of a closed media, RFC 3550", JITTERS)
        self._gap = seconds("media_longest_gap", "Without a packet, of a closed media")
        self._loss = Histogram(
            "attendant_media_loss_ratio",
            "Packets lost of those expected, of a closed media",
            buckets=LOSSES,
            registry=registry,
        )

    def observe(self, worker: Observed) -> None:
        """Look at this worker whenever the figures are read."""
        self._registry.register(_Look(worker))

    def text(self) -> bytes:
        """All figures in Prometheus' text format 1.0.0, UTF-8."""
        return generate_latest(self._registry)

    def entered(self, phase: str, outcome: str, at: float) -> None:
        """A call came into this phase, `at` seconds after its offer."""
        self._phases.labels(phase).inc()
        if phase == Phase.ANSWERING.value:
            self._ready.observe(at)
        elif phase == Phase.ENDED.value:
            self._ended.labels(outcome_class(outcome)).inc()
            if UNCLEAN in outcome:
                self._unclean.inc()

    def adoption(self, result: str) -> None:
        """result: adopted or failed."""
        self._adopted.labels(result).inc()

    def turn(self, decided: float, answered: float) -> None:
        """Seconds after the caller's last speech."""
        self._decided.observe(decided)
        self._answered.observe(answered)

    def barge_in(self, committed: bool, paused: float | None) -> None:
        """paused: seconds, None when we did not pause before the verdict."""
        self._barge_ins.labels("committed" if committed else "dismissed").inc()
        if paused is not None:
            self._paused.observe(paused)

    def media_closed(self, statistics: MediaStatistics) -> None:
        for kind in PACKETS:
            self._packets.labels(kind).inc(getattr(statistics, kind))
        for kind in FRAMES:
            self._frames.labels(kind).inc(getattr(statistics, kind))
        if statistics.received:
            self._jitter.observe(statistics.jitter)
            self._gap.observe(statistics.longest_gap)
            self._loss.observe(statistics.lost / (statistics.received + statistics.lost))


class _Look(Collector):
    """What is true now rather than counted."""

    def __init__(self, worker: Observed) -> None:
        self._worker = worker

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        seen = self._worker.snapshot()
        yield _calls(seen)
        lines = GaugeMetricFamily("attendant_line_connected", "By PBX", labels=["pbx"])
        for pbx, connected in seen.lines.items():
            lines.add_metric([pbx], connected)
        yield lines
        yield GaugeMetricFamily("attendant_store_healthy", "0: degraded", seen.store_healthy)
        yield GaugeMetricFamily("attendant_draining", "1: takes no calls", seen.draining)
        yield GaugeMetricFamily("attendant_room", "Calls that it would take more", seen.room)
        counts = CounterMetricFamily("attendant_line_events", "On our lines", labels=["what"])
        for what, count in seen.counts.items():
            counts.add_metric([what], count)
        yield counts
        yield _lateness(seen)


def _calls(seen: Snapshot) -> Metric:
    calls = GaugeMetricFamily("attendant_calls", "Live calls", labels=["phase"])
    for phase in Phase:
        if phase is not Phase.ENDED:
            count = sum(call.phase == phase.value for call in seen.calls)
            calls.add_metric([phase.value], count)
    return calls


def _lateness(seen: Snapshot) -> Metric:
    limits = [*map(str, BOUNDS), "+Inf"]
    return HistogramMetricFamily(
        "attendant_frame_lateness_seconds",
        "How late frames left for the PBX",
        buckets=list(zip(limits, accumulate(seen.lateness.counts), strict=True)),
        sum_value=seen.lateness.seconds,
    )
