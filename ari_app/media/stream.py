"""What the listener hears: 20 ms after 20 ms, without an end and without a hole.

Packets of any length become frames of 160 samples. What was lost is concealed; while nothing comes
(DTX, mute, hold) silence is given out in real time, into which the last sound fades. Frame n has
media time n · 20 ms. Where packets come after all, only late, they are given out too, and the time
that silence took for them is paid back: by less silence, or by leaving quiet frames out.
"""

from typing import Literal

import numpy as np

from ari_app.media.conceal import FADED, Concealment
from ari_app.media.reorder import SHORTEST_WAIT, Frames, Missing, Piece, Reorder, Voice
from ari_app.media.rows import FRAME, FRAME_SECONDS, NO_TIME, RATE, Flags, Rows
from ari_app.media.serial import Integers
from ari_app.media.values import FrameHeard, Samples, StreamHeard, StreamQuiet

PATIENCE = 0.06
"Seconds without a packet until silence is given out."
QUIET_SECONDS = 2.0
"StreamQuiet is told after this long, and again each time."
QUIET_PEAK = 128
"Frames that never exceed this may be left out while the stream is ahead of real time."
LEAD_FRAMES = 2
"So many frames ahead of real time are jitter, not a debt."
_ALWAYS_CONCEALED = 10
"Frames of loss that are believed whatever the clock says (a burst after a stall)."
_EARLY = 1e-6
"A deadline that rounding put this far ahead is now."
_NO_ROWS: Integers = np.zeros(0, np.int64)
_SILENCE = np.zeros(FRAME, np.int16)
_SILENCE.flags.writeable = False

Kind = Literal["voice", "concealed", "filled"]
Heard = FrameHeard | StreamQuiet | StreamHeard


class Stream:
    """The unbroken stream of every row, 50 frames a second from `connect` on."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._order = Reorder(rows)
        self._concealment = Concealment(rows.count)
        self._nothing_until = -np.inf
        "Before this time, seconds, no row is due."

    def connect(self, row: int, now: float) -> None:
        """The stream begins: media time 0 is now."""
        rows = self._rows
        rows.origin[row] = rows.arrived[row] = rows.silent_since[row] = now
        rows.quiet_next[row] = now + QUIET_SECONDS
        self._concealment.clear(row)

    def expect_silence(self, row: int, on: bool, now: float) -> None:
        """While on, silence is no reason for StreamQuiet; afterwards it counts from now."""
        rows = self._rows
        rows.silence_expected[row] = on
        rows.silent_since[row] = now
        rows.quiet_next[row] = now + QUIET_SECONDS

    def push(self, row: int, packet: Voice, now: float) -> list[Heard]:
        """Take a packet; what is heard now. Only a packet that is of use ends a silence."""
        rows = self._rows
        rows.received[row] += 1
        pieces = self._order.push(row, packet, now)
        if pieces is None:
            return []
        heard: list[Heard] = []
        if rows.quiet[row]:
            rows.quiet[row] = False
            heard.append(StreamHeard())
        gap = now - rows.arrived.item(row)
        rows.longest_gap[row] = max(rows.longest_gap.item(row), gap)
        believable = int(gap * RATE) + _ALWAYS_CONCEALED * FRAME
        rows.arrived[row] = rows.silent_since[row] = now
        rows.quiet_next[row] = now + QUIET_SECONDS
        return heard + self._assemble(row, pieces, now, believable)

    def push_frames(self, packets: Frames, now: float) -> tuple[Flags, list[FrameHeard]]:
        """Take, all at once, those packets that are nothing unusual; which, and what is heard.

        The result is that of `push`, which is for the others.
        """
        rows, media = self._rows, packets.media
        ahead = rows.frames[media] - self._present(media, now)
        usual = self._order.in_order(packets) & (rows.part_length[media] == 0)
        usual &= ~rows.quiet[media] & (ahead <= LEAD_FRAMES)
        media = media[usual]
        frames = self._concealment.heard_at_once(media, packets.samples[usual])
        self._order.pass_over(media, FRAME)
        rows.received[media] += 1
        rows.longest_gap[media] = np.maximum(rows.longest_gap[media], now - rows.arrived[media])
        rows.arrived[media] = rows.silent_since[media] = now
        rows.quiet_next[media] = now + QUIET_SECONDS
        rows.filling[media] = 0
        numbers = rows.frames[media]
        rows.frames[media] = numbers + 1
        times = (numbers * FRAME_SECONDS).tolist()
        return usual, [FrameHeard(*heard) for heard in zip(frames, times, strict=True)]

    def due_rows(self, now: float) -> Integers:
        """The rows that `due` has something to do for; ask every beat. Mostly there is none, and
        that is known beforehand: packets only postpone silence, and a new hole is worth a wait."""
        if now < self._nothing_until:
            return _NO_ROWS
        rows = self._rows
        lacking = rows.origin + (rows.frames + 1) * FRAME_SECONDS
        deadlines = np.maximum(rows.arrived + PATIENCE, lacking) - _EARLY
        np.minimum(deadlines, rows.hole_since + rows.wait, out=deadlines)
        self._nothing_until = min(float(deadlines.min()), now + SHORTEST_WAIT)
        return np.flatnonzero(deadlines <= now)

    def fill_frames(self, due: Integers, now: float) -> tuple[Flags, list[FrameHeard]]:
        """Give out, all at once, the next 20 ms of those rows whose sound has faded to silence,
        as `due` would; which, and what is heard."""
        rows = self._rows
        usual = (rows.filling[due] >= FADED) & (rows.part_length[due] == 0)
        usual &= (rows.hole_since[due] == NO_TIME) & (
            rows.frames[due] + 1 == self._present(due, now)
        )
        usual &= (now < rows.quiet_next[due] - _EARLY) | rows.silence_expected[due]
        media = due[usual]
        rows.filling[media] += FRAME
        rows.filled[media] += 1
        times = rows.frames[media] * FRAME_SECONDS
        rows.frames[media] += 1
        return usual, [FrameHeard(_SILENCE, at, "filled") for at in times.tolist()]

    def due(self, row: int, now: float) -> list[Heard]:
        """What is heard now although no packet came: holes given up, silence, StreamQuiet."""
        rows = self._rows
        pieces = self._order.due(row, now)
        heard = self._assemble(row, pieces, now, _ALWAYS_CONCEALED * FRAME)
        if now - rows.arrived[row] >= PATIENCE - _EARLY:
            heard += self._fill(row, now)
        if now >= rows.quiet_next[row] - _EARLY and not rows.silence_expected[row]:
            rows.quiet_next[row] += QUIET_SECONDS
            rows.quiet[row] = True
            heard.append(StreamQuiet(now - rows.silent_since.item(row)))
        return heard

    def _fill(self, row: int, now: float) -> list[Heard]:
        """The last sound fading into silence, until the stream is where real time is."""
        rows = self._rows
        heard: list[Heard] = []
        while rows.frames[row] < self._real_time(row, now):
            lacking = FRAME - rows.part_length.item(row)
            rows.filling[row] += lacking
            heard += self._append(row, self._concealment.lost(row, lacking), "filled", now)
        return heard

    def _assemble(self, row: int, pieces: list[Piece], now: float, believable: int) -> list[Heard]:
        """Frames of pieces; of a hole only what silence has not yet stood for is made up."""
        rows = self._rows
        heard: list[Heard] = []
        for piece in pieces:
            if not isinstance(piece, Missing):
                rows.filling[row] = 0
                heard += self._append(row, self._concealment.heard(row, piece), "voice", now)
                continue
            stood = min(piece.samples, rows.filling.item(row))
            lacking = piece.samples - stood
            if piece.lost:
                lacking = min(lacking, believable)
                rows.filled[row] -= stood // FRAME  # now we know better
                rows.concealed[row] += stood // FRAME
            else:
                behind = self._real_time(row, now) - rows.frames.item(row) - 1
                lacking = min(lacking, max(0, behind) * FRAME)
            kind: Kind = "concealed" if piece.lost else "filled"
            heard += self._append(row, self._concealment.lost(row, lacking), kind, now)
        return heard

    def _append(self, row: int, samples: Samples, kind: Kind, now: float) -> list[Heard]:
        """Cut samples into frames; a frame is named after what filled most of it."""
        rows = self._rows
        if kind == "voice" and len(samples) == FRAME and not rows.part_length[row]:
            return self._give_out(row, samples, kind, now)
        heard: list[Heard] = []
        while len(samples):
            length = rows.part_length.item(row)
            taken = min(FRAME - length, len(samples))
            rows.part[row, length : length + taken] = samples[:taken]
            rows.part_length[row] = length + taken
            rows.part_kinds[row, _KINDS.index(kind)] += taken
            samples = samples[taken:]
            if rows.part_length[row] == FRAME:
                most = _KINDS[int(rows.part_kinds[row].argmax())]
                rows.part_length[row] = 0
                rows.part_kinds[row] = 0
                heard += self._give_out(row, rows.part[row].copy(), most, now)
        return heard

    def _give_out(self, row: int, frame: Samples, kind: Kind, now: float) -> list[Heard]:
        rows = self._rows
        number = rows.frames.item(row)
        if kind == "voice":
            ahead = number - self._real_time(row, now) > LEAD_FRAMES
            if ahead and np.abs(frame).max() <= QUIET_PEAK:
                rows.left_out[row] += 1
                return []
        elif kind == "concealed":
            rows.concealed[row] += 1
        else:
            rows.filled[row] += 1
        rows.frames[row] = number + 1
        return [FrameHeard(frame, number * FRAME_SECONDS, kind)]

    def _present(self, media: Integers, now: float) -> Integers:
        """`_real_time` of these rows."""
        passed = (now - self._rows.origin[media]) / FRAME_SECONDS + _EARLY
        return passed.astype(np.int64)

    def _real_time(self, row: int, now: float) -> int:
        """Frames that a listener has a right to by now."""
        return int((now - self._rows.origin.item(row)) / FRAME_SECONDS + _EARLY)


_KINDS: tuple[Kind, ...] = ("voice", "concealed", "filled")
