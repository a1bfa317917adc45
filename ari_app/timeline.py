"""A picture of one call: both voices on one time axis, what was said, pressed and waited for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ari_app.media.values import Samples

RATE = 8000
SCALE = 40
"Pixels of a second."
STEP = RATE // SCALE
"Samples of a pixel."
LEFT, RIGHT = 84, 32
LANE = 88
"Height of a waveform."
BETWEEN = 46
"From lane to lane: room for the waits."
LINE, LETTER = 16, 6.7
"Height of a line of words, width of a letter (about; letters are the reader's own)."
PADDING = 8
NARROWEST, WIDEST = 84, 280
"Of a speech bubble's words, if the speech itself is not longer."
LOUDEST = 0.3
"Part of full scale that fills a lane; louder calls are scaled down."

STYLE = """
svg { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
.page { fill: #ffffff; } text { fill: #1f2933; } .title { font-size: 16px; font-weight: 600; }
.quiet { fill: #66727f; } .grid { stroke: #eceff2; } .axis { stroke: #9aa5b1; }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.lane { fill: #f7f9fa; } .name { font-weight: 600; }
.caller { fill: #2b6cb0; } .agent { fill: #c2570c; } .peak { opacity: .4; }
.said { fill: #e8f1fa; } .told { fill: #fdf0e4; }
.key rect { fill: #ffffff; stroke: #2b6cb0; stroke-width: 1.5; } .key text { font-weight: 600; }
.wait { stroke: #237a4b; fill: none; stroke-width: 1.5; } .waiting { fill: #237a4b; opacity: .13; }
text.waited { fill: #237a4b; font-weight: 600; } text.what { fill: #5a35b5; }
.event { stroke: #6b46c1; stroke-dasharray: 4 3; } .flag { fill: #efe9fb; }
@media (prefers-color-scheme: dark) {
.page { fill: #11161c; } text { fill: #e6eaee; } .quiet { fill: #93a0ad; }
.grid { stroke: #1e2730; } .halo { stroke: #11161c; }
.axis { stroke: #52606d; } .lane { fill: #161d25; }
.caller { fill: #6cb0f2; } .agent { fill: #f59a4c; }
.said { fill: #1a2f45; } .told { fill: #40291a; }
.key rect { fill: #11161c; stroke: #6cb0f2; } .wait { stroke: #63c98f; } .waiting { fill: #63c98f; }
text.waited { fill: #63c98f; } .event { stroke: #b794f4; } .flag { fill: #2c2344; }
text.what { fill: #c9b0f7; } }
"""


@dataclass(frozen=True)
class Mark:
    """Something that happened. Times are seconds since the answer."""

    kind: Literal["caller", "agent", "keys", "wait", "event"]
    "wait: from the caller's last sound to the agent's first."
    at: float
    until: float
    text: str


@dataclass(frozen=True)
class Bubble:
    """Words and the room they take, pixels."""

    left: float
    lines: tuple[str, ...]
    until: float
    "Where the speech ends."

    @property
    def width(self) -> float:
        return max(map(len, self.lines)) * LETTER + 2 * PADDING

    @property
    def height(self) -> float:
        return len(self.lines) * LINE + PADDING


@dataclass(frozen=True)
class Rows:
    """Where things are, pixels from the top."""

    flags: int
    caller: int
    "The middle of the lane."
    agent: int
    axis: int


def timeline_svg(caller: Samples, agent: Samples, marks: Sequence[Mark], title: str) -> str:
    """The call as an SVG that is readable on light and on dark ground.

    caller, agent: 8 kHz from the answer on. Marks may come in any order.
    """
    marks = sorted(marks, key=lambda mark: mark.at)
    seconds = max([len(caller) / RATE, len(agent) / RATE, *(mark.until for mark in marks)])
    end, loudest = _x(seconds), max(LOUDEST * 32768, _peak(caller), _peak(agent))
    said, told = _bubbles(marks, "caller"), _bubbles(marks, "agent")
    flags = _flags([mark for mark in marks if mark.kind == "event"])
    rows = _rows(flags, said, told)
    parts = (
        *_axis(seconds, rows),
        *_lane("caller", rows.caller, end, caller, loudest),
        *_lane("agent", rows.agent, end, agent, loudest),
        *_events(flags, rows),
        *_waits([mark for mark in marks if mark.kind == "wait"], rows),
        *(part for each in said for part in _speech("caller", each, rows)),
        *(part for each in told for part in _speech("agent", each, rows)),
        *_keys([mark for mark in marks if mark.kind == "keys"], rows.caller),
    )
    edges = [bubble.left + bubble.width for bubble in (*said, *told)]
    edges += [left + _wide(mark.text) for mark, left, _ in flags]
    summary = _summary(seconds, marks)
    return _page(title, summary, max([end, *edges]) + RIGHT, rows.axis + 40, parts)


def _page(title: str, summary: str, right: float, height: int, parts: Iterable[str]) -> str:
    width = int(max(right, LEFT + max(len(title) * 1.4, len(summary)) * LETTER))
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<rect class="page" width="{width}" height="{height}" rx="8"/>',
            f'<text x="20" y="30" class="title">{escape(title)}</text>',
            f'<text x="20" y="49" class="quiet">{escape(summary)}</text>',
            *parts,
            "</svg>",
        )
    )


# Layout.


def _x(at: float) -> float:
    return round(LEFT + at * SCALE, 1)


def _wide(text: str) -> float:
    return len(text) * LETTER + 2 * PADDING


def _peak(samples: Samples) -> float:
    return float(np.abs(samples.astype(np.float64)).max(initial=0))


def _summary(seconds: float, marks: Iterable[Mark]) -> str:
    waits = sorted(round(1000 * (mark.until - mark.at)) for mark in marks if mark.kind == "wait")
    if not waits:
        return f"{seconds:.0f} seconds"
    span = f"{waits[0]}" if waits[0] == waits[-1] else f"{waits[0]} to {waits[-1]}"
    return f"{seconds:.0f} seconds; the agent answers {span} ms after the caller's last sound"


def _bubbles(marks: Sequence[Mark], kind: str) -> list[Bubble]:
    """The words of one side, each as wide as there is room before the next."""
    spoken = [mark for mark in marks if mark.kind == kind and mark.text]
    ends = [*(_x(mark.at) for mark in spoken[1:]), float("inf")]
    found = []
    for mark, end in zip(spoken, ends, strict=False):
        longest = max(WIDEST, _x(mark.until) - _x(mark.at) - 2 * PADDING)
        room = min(max(end - _x(mark.at) - 6 - 2 * PADDING, NARROWEST), longest)
        lines = tuple(wrap(mark.text, int(room / LETTER))) or ("",)
        found.append(Bubble(_x(mark.at), lines, _x(mark.until)))
    return found


def _flags(events: Iterable[Mark]) -> list[tuple[Mark, float, int]]:
    """Each event with its flag's left edge and row: flags of one row do not touch."""
    ends: list[float] = []
    found = []
    for mark in events:
        left = _x(mark.at)
        row = next((row for row, end in enumerate(ends) if end + 4 < left), len(ends))
        ends[row : row + 1] = [left + _wide(mark.text)]
        found.append((mark, left, row))
    return found


def _rows(
    flags: Sequence[tuple[Mark, float, int]], said: Sequence[Bubble], told: Sequence[Bubble]
) -> Rows:
    top = 66
    above = top + 26 * (1 + max([row for *_, row in flags], default=-1))
    caller = int(above + max([each.height for each in said], default=0) + 10 + LANE / 2)
    agent = caller + LANE + BETWEEN
    below = max([each.height for each in told], default=0)
    return Rows(top, caller, agent, int(agent + LANE / 2 + 10 + below + 16))


# Parts.


def _axis(seconds: float, rows: Rows) -> Iterator[str]:
    every = next((each for each in (1, 2, 5, 10, 30) if seconds / each <= 20), 60)
    for second in range(0, int(seconds) + 1, every):
        x = _x(second)
        yield f'<line x1="{x}" x2="{x}" y1="62" y2="{rows.axis + 5}" class="grid"/>'
        yield (
            f'<text x="{x}" y="{rows.axis + 22}" text-anchor="middle" class="quiet">'
            f"{second} s</text>"
        )
    yield f'<line x1="{LEFT}" x2="{_x(seconds)}" y1="{rows.axis}" y2="{rows.axis}" class="axis"/>'


def _lane(name: str, middle: int, end: float, samples: Samples, loudest: float) -> Iterator[str]:
    top = middle - LANE // 2
    yield (
        f'<rect class="lane" x="{LEFT}" y="{top}" width="{end - LEFT:.1f}" height="{LANE}" rx="6"/>'
    )
    yield f'<text x="20" y="{middle + 4}" class="{name} name">{name}</text>'
    count = -(-len(samples) // STEP)
    padded = np.pad(samples.astype(np.float64), (0, count * STEP - len(samples))).reshape(
        count, STEP
    )
    peak = np.abs(padded).max(axis=1)
    power = np.sqrt(np.square(padded).mean(axis=1))
    yield _shape(f"{name} peak", middle, peak / loudest)
    yield _shape(name, middle, power / loudest)


def _shape(name: str, middle: int, heights: NDArray[np.float64]) -> str:
    """An outline that mirrors heights (0 to 1) at the middle of a lane."""
    if not len(heights):
        return ""
    half = np.maximum(heights * (LANE / 2 - 4), 0.5)
    above = [f"{LEFT + x},{middle - h:.1f}" for x, h in enumerate(half)]
    below = [f"{LEFT + x},{middle + h:.1f}" for x, h in enumerate(half)]
    return f'<polygon class="{name}" points="{" ".join(above + below[::-1])}"/>'


def _speech(name: str, bubble: Bubble, rows: Rows) -> Iterator[str]:
    """A bubble at its lane's outer side, and a bar as long as the speech."""
    upper = name == "caller"
    edge = rows.caller - LANE / 2 - 4 if upper else rows.agent + LANE / 2 + 4
    top = edge - 4 - bubble.height if upper else edge + 4
    length = max(bubble.until - bubble.left, 3)
    yield (
        f'<rect class="{name}" x="{bubble.left}" y="{edge - 1.5}" width="{length:.1f}" '
        'height="3" rx="1.5"/>'
    )
    yield (
        f'<rect class="{"said" if upper else "told"}" x="{bubble.left}" y="{top}" '
        f'width="{bubble.width:.1f}" height="{bubble.height}" rx="6"/>'
    )
    for number, line in enumerate(bubble.lines):
        y = top + PADDING / 2 + (number + 0.75) * LINE
        yield f'<text x="{bubble.left + PADDING}" y="{y}">{escape(line)}</text>'


def _keys(marks: Iterable[Mark], middle: int) -> Iterator[str]:
    for mark in marks:
        wide = 14 + 8 * len(mark.text)
        yield (
            f'<g class="key"><rect x="{_x(mark.at)}" y="{middle - 12}" width="{wide}" height="24" '
            f'rx="5"/><text x="{_x(mark.at) + wide / 2}" y="{middle + 4}" text-anchor="middle">'
            f"{escape(mark.text)}</text></g>"
        )


def _waits(marks: Iterable[Mark], rows: Rows) -> Iterator[str]:
    """A bracket from the end of the caller's lane to the beginning in the agent's."""
    y = (rows.caller + rows.agent) // 2
    for mark in marks:
        x, until = _x(mark.at), _x(mark.until)
        yield (
            f'<rect class="waiting" x="{x}" y="{rows.caller}" width="{until - x:.1f}" '
            f'height="{rows.agent - rows.caller}"/>'
        )
        yield (
            f'<path class="wait" d="M{x},{y - 7} V{y + 7} M{x},{y} H{until} '
            f'M{until},{y - 7} V{y + 7}"/>'
        )
        yield f'<text x="{until + 7}" y="{y + 4}" class="waited halo">{escape(mark.text)}</text>'


def _events(flags: Iterable[tuple[Mark, float, int]], rows: Rows) -> Iterator[str]:
    for mark, left, row in flags:
        top = rows.flags + 26 * row
        yield f'<line x1="{left}" x2="{left}" y1="{top}" y2="{rows.axis}" class="event"/>'
        yield (
            f'<rect class="flag" x="{left}" y="{top}" width="{_wide(mark.text):.1f}" '
            'height="20" rx="4"/>'
        )
        yield f'<text x="{left + PADDING}" y="{top + 14}" class="what">{escape(mark.text)}</text>'
