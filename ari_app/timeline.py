"""A picture of one call: both voices on one time axis, with what happened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

from ari_app.media.values import Samples

RATE = 8000
SCALE = 36
"Pixels of a second."
MARGIN = 78
LANE = 84
"Height of a waveform."
LINE = 14
"Height of a line of words."
LETTER = 6.2
"Width of a letter, about."
WORDS = 5
"Lines of words beside a waveform."

CALLER = 44 + WORDS * LINE + LANE // 2
"The middle of the caller's waveform."
AGENT = CALLER + LANE + 44
AXIS = AGENT + LANE // 2 + WORDS * LINE + 26

STYLE = """
svg { background: #ffffff; font: 12px system-ui, sans-serif; }
text { fill: #1f2933; } .quiet { fill: #7b8794; } .title { font-size: 15px; font-weight: 600; }
.caller { fill: #2f6fb2; } .agent { fill: #c05621; } .grid { stroke: #e4e7eb; }
.axis { stroke: #9aa5b1; } .key { fill: #2f6fb2; } .key + text { fill: #ffffff; }
.event { stroke: #6b46c1; stroke-dasharray: 4 3; } .eventname { fill: #6b46c1; }
.wait { stroke: #2f855a; fill: none; stroke-width: 1.5; } .waitname { fill: #2f855a; }
@media (prefers-color-scheme: dark) {
svg { background: #12181f; } text { fill: #e4e7eb; } .quiet { fill: #8795a1; }
.grid { stroke: #26313c; } .axis { stroke: #52606d; } .caller { fill: #63a4e8; }
.agent { fill: #ed8936; } .key { fill: #63a4e8; } .key + text { fill: #12181f; }
.event { stroke: #b794f4; } .eventname { fill: #b794f4; }
.wait { stroke: #68d391; } .waitname { fill: #68d391; } }
"""


@dataclass(frozen=True)
class Mark:
    """Something that happened. Times are seconds since the answer."""

    kind: Literal["caller", "agent", "keys", "wait", "event"]
    "wait: from the caller's last sound to the agent's first."
    at: float
    until: float
    text: str


def timeline_svg(caller: Samples, agent: Samples, marks: Sequence[Mark], title: str) -> str:
    """The call as an SVG that is readable on light and on dark ground."""
    seconds = max(len(caller), len(agent)) / RATE
    width, height = int(MARGIN + seconds * SCALE + 150), AXIS + 34
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            f'<text x="14" y="24" class="title">{escape(title)}</text>',
            *_axis(seconds),
            *_lane("caller", CALLER, caller),
            *_lane("agent", AGENT, agent),
            *_words([mark for mark in marks if mark.kind == "caller"], 44 + LINE),
            *_words([mark for mark in marks if mark.kind == "agent"], AGENT + LANE // 2 + LINE + 6),
            *(part for mark in marks for part in _mark(mark)),
            "</svg>",
        )
    )


def _x(at: float) -> float:
    return round(MARGIN + at * SCALE, 1)


def _axis(seconds: float) -> Iterator[str]:
    for second in range(0, int(seconds) + 1, 2):
        x = _x(second)
        yield f'<line x1="{x}" x2="{x}" y1="40" y2="{AXIS}" class="grid"/>'
        yield f'<text x="{x}" y="{AXIS + 18}" text-anchor="middle" class="quiet">{second} s</text>'
    yield f'<line x1="{MARGIN}" x2="{_x(seconds)}" y1="{AXIS}" y2="{AXIS}" class="axis"/>'


def _lane(name: str, middle: int, samples: Samples) -> Iterator[str]:
    yield f'<text x="14" y="{middle + 4}" class="{name}">{name}</text>'
    step = RATE // SCALE // 2
    count = len(samples) // step
    if not count:
        return
    steps = np.abs(samples[: count * step].astype(np.int32)).reshape(count, step).max(axis=1)
    heights = np.maximum(steps / 32768 * LANE * 0.9, 0.4)
    places = [_x(number * step / RATE) for number in range(count)]
    above = [f"{x},{middle - h:.1f}" for x, h in zip(places, heights, strict=True)]
    below = [f"{x},{middle + h:.1f}" for x, h in zip(places, heights, strict=True)]
    yield f'<polygon class="{name}" points="{" ".join(above + below[::-1])}"/>'


def _words(marks: Sequence[Mark], top: int) -> Iterator[str]:
    """Each mark's words from its beginning, as wide as there is room before the next."""
    for number, mark in enumerate(marks):
        end = marks[number + 1].at if number + 1 < len(marks) else mark.at + 9
        letters = max(12, int((min(end, mark.at + 9) - mark.at) * SCALE / LETTER) - 1)
        for line, text in enumerate(_wrapped(mark.text, letters)):
            y = top + line * LINE
            yield f'<text x="{_x(mark.at)}" y="{y}">{escape(text)}</text>'


def _wrapped(text: str, letters: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > WORDS:
        lines = [*lines[: WORDS - 1], lines[WORDS - 1] + " …"]
    return lines


def _mark(mark: Mark) -> Iterable[str]:
    x, until = _x(mark.at), _x(mark.until)
    match mark.kind:
        case "keys":
            wide = 14 + 8 * len(mark.text)
            yield f'<rect x="{x}" y="{CALLER - 11}" width="{wide}" height="22" rx="5" class="key"/>'
            yield (
                f'<text x="{x + wide / 2}" y="{CALLER + 4}" text-anchor="middle">'
                f"{escape(mark.text)}</text>"
            )
        case "wait":
            y = (CALLER + AGENT) // 2
            yield f'<path d="M{x},{y - 8} V{y} H{until} V{y + 8}" class="wait"/>'
            yield f'<text x="{until + 5}" y="{y + 5}" class="waitname">{escape(mark.text)}</text>'
        case "event":
            yield f'<line x1="{x}" x2="{x}" y1="40" y2="{AXIS}" class="event"/>'
            yield f'<text x="{x + 4}" y="36" class="eventname">{escape(mark.text)}</text>'
        case _:
            return
