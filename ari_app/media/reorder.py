"""In which order packets count, and how long a missing one is worth waiting for.

A model needs no clock: what is in order is given out at once. Only at a hole do we wait, as long as
packets of this media are known to be late (at most 60 ms), and then go on without. Not every hole
is a loss: a key (RFC 4733) and a pause of the sender (DTX) leave holes too, told by a timestamp
that did not advance by what the missing packets would have held, or by a time as long in which
nothing came at all.
"""

from dataclasses import dataclass

import numpy as np

from ari_app.media.rows import NO_TIME, PACKET_SAMPLES, RATE, SLOTS, Flags, Rows
from ari_app.media.serial import Integers, extend_timestamp, sequence_distance
from ari_app.media.values import Samples

LONGEST_WAIT = 0.06
SHORTEST_WAIT = 0.02
MAX_DROPOUT = 3000
"Packets ahead that are still the same stream, RFC 3550 appendix A.1."
MAX_MISORDER = 100
"Packets behind that are still the same stream, RFC 3550 appendix A.1."
_FEW = 2
"A hole of so few packets may be reordering even where the timestamp says pause."
_PAUSE = 0.1
"""Seconds. While a key is down Asterisk sends nothing, yet goes on numbering, just as if all had
been lost. A hole that long (the shortest key) in which nothing came is such a pause."""
_HISTORY = (1 << 62) - 1


@dataclass(frozen=True, eq=False, slots=True)
class Voice:
    """The audio of one RTP packet."""

    sequence: int
    timestamp: int
    ssrc: int
    samples: Samples
    "8 kHz, 1 to 480 of them."


@dataclass(frozen=True, eq=False, slots=True)
class Frames:
    """Packets of 20 ms of many media, one of each; arrays of shape (n,)."""

    media: Integers
    "The row of each, all different."
    sequence: Integers
    timestamp: Integers
    ssrc: Integers
    samples: Samples
    "Shape (n, 160)."


@dataclass(frozen=True, slots=True)
class Missing:
    """Audio that is not there, between two pieces that are."""

    samples: int
    lost: bool
    "True: it was sent and lost. False: it was never sent (DTX, a key)."


Piece = Samples | Missing


class Reorder:
    """Gives the audio of every row out in the order in which it was sent."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def push(self, row: int, packet: Voice, now: float) -> list[Piece] | None:
        """Take a packet; what can be given out now. None: it is of no use (a copy, too late, or
        not of this stream). Times are seconds."""
        if not 0 < len(packet.samples) <= PACKET_SAMPLES:
            raise ValueError(
                f"packet of {len(packet.samples)} samples, expected 1 to {PACKET_SAMPLES}"
            )
        rows = self._rows
        if packet.ssrc != rows.ssrc[row]:
            return self._wild(row, packet)
        expected = rows.sequence.item(row)
        ahead = sequence_distance(packet.sequence, expected & 0xFFFF)
        if not -MAX_MISORDER < ahead < MAX_DROPOUT:
            return self._wild(row, packet)
        if ahead < 0:
            self._count_old(row, -ahead)
            return None
        if ahead == 0:
            return self._next(row, packet, now)
        return self._beyond_hole(row, packet, expected + ahead, now)

    def due(self, row: int, now: float) -> list[Piece]:
        """Call it every beat: gives up the holes whose time is over."""
        rows = self._rows
        pieces: list[Piece] = []
        while now >= rows.hole_since[row] + rows.wait[row]:
            rows.wait[row] = max(SHORTEST_WAIT, rows.wait[row] * 0.9)
            pieces += self._give_up(row)
        return pieces

    def in_order(self, packets: Frames) -> Flags:
        """Which of these packets are just what comes next in their rows?

        Those may be given out as they are, if `pass_over` is called for them; `push` would do the
        same, one by one.
        """
        rows, media = self._rows, packets.media
        return np.asarray(
            (packets.ssrc == rows.ssrc[media])
            & (packets.sequence == rows.sequence[media] & 0xFFFF)
            & (packets.timestamp == rows.timestamp[media] & 0xFFFFFFFF)
            & (rows.hole_since[media] == NO_TIME)
        )

    def pass_over(self, media: Integers, samples: int) -> None:
        """The packets that are `in_order`, each of so many samples, were given out."""
        rows = self._rows
        rows.sequence[media] += 1
        rows.timestamp[media] += samples
        rows.spacing[media] = samples
        rows.delivered[media] = (rows.delivered[media] << 1 | 1) & _HISTORY
        rows.wild[media] = -1

    def _next(self, row: int, packet: Voice, now: float) -> list[Piece]:
        rows = self._rows
        holding = self._holds(row)
        if holding:
            rows.reordered[row] += 1
            needed = 1.5 * (now - rows.hole_since.item(row)) + 0.005
            rows.wait[row] = min(LONGEST_WAIT, max(rows.wait.item(row), needed))
        pieces = self._deliver(row, self._extended(row, packet), packet.samples)
        return pieces + self._drain(row) if holding else pieces

    def _beyond_hole(
        self, row: int, packet: Voice, sequence: int, now: float
    ) -> list[Piece] | None:
        rows = self._rows
        pieces: list[Piece] = []
        while sequence - rows.sequence[row] >= SLOTS and self._holds(row):
            pieces += self._give_up(row)
        timestamp = self._extended(row, packet)
        missing = sequence - rows.sequence.item(row)
        far = missing >= SLOTS or (missing > _FEW and not self._is_loss(row, missing, timestamp))
        paused = self._is_pause(row, timestamp, now)
        if (far or paused) and not self._holds(row):
            return pieces + self._skip(row, sequence, timestamp, packet.samples, paused)
        slot = sequence % SLOTS
        if rows.held_length[row, slot]:
            rows.duplicate[row] += 1
            return None
        rows.held_length[row, slot] = len(packet.samples)
        rows.held_timestamp[row, slot] = timestamp
        rows.held_at[row, slot] = now
        rows.hole_since[row] = min(now, rows.hole_since.item(row))
        rows.held[row, slot, : len(packet.samples)] = packet.samples
        return pieces + self._drain(row) if pieces else pieces

    def _count_old(self, row: int, behind: int) -> None:
        rows = self._rows
        came, this = rows.delivered.item(row), 1 << (behind - 1)
        if came & this:
            rows.duplicate[row] += 1
        else:
            rows.late[row] += 1
            rows.wait[row] = LONGEST_WAIT
            rows.delivered[row] = (came | this) & _HISTORY  # a second copy is a duplicate

    def _wild(self, row: int, packet: Voice) -> list[Piece] | None:
        """Another source, or far from all that is expected: believed when the next packet follows
        at once (RFC 3550 appendix A.1). The first of all is believed."""
        rows = self._rows
        confirmed = packet.ssrc << 16 | packet.sequence == rows.wild[row]
        if rows.ssrc[row] >= 0 and not confirmed:
            rows.wild[row] = packet.ssrc << 16 | (packet.sequence + 1) & 0xFFFF
            rows.late[row] += 1
            return None
        return self._restart(row, packet)

    def _restart(self, row: int, packet: Voice) -> list[Piece]:
        """Begin anew with this packet; what was held comes first."""
        rows = self._rows
        pieces: list[Piece] = []
        while self._holds(row):
            pieces += self._give_up(row)
        if rows.ssrc[row] < 0:
            rows.wait[row] = LONGEST_WAIT
        else:
            pieces.append(Missing(len(packet.samples), lost=True))  # the one that was not believed
        rows.ssrc[row] = packet.ssrc
        rows.sequence[row] = packet.sequence
        rows.timestamp[row] = packet.timestamp
        rows.delivered[row] = 0
        return pieces + self._deliver(row, packet.timestamp, packet.samples)

    def _extended(self, row: int, packet: Voice) -> int:
        return extend_timestamp(packet.timestamp, self._rows.timestamp.item(row))

    def _is_loss(self, row: int, missing: int, timestamp: int) -> bool:
        """Did the timestamp advance by just what the missing packets would have held?"""
        gap = timestamp - self._rows.timestamp.item(row)
        return gap == missing * self._rows.spacing.item(row)

    def _is_pause(self, row: int, timestamp: int, now: float) -> bool:
        """Did nothing come for all the time that is missing?"""
        gap = (timestamp - self._rows.timestamp.item(row)) / RATE
        return _PAUSE <= gap <= now - self._rows.arrived.item(row)

    def _holds(self, row: int) -> bool:
        return bool(self._rows.hole_since[row] < NO_TIME)

    def _deliver(self, row: int, timestamp: int, samples: Samples) -> list[Piece]:
        """The expected packet; a timestamp that leapt without a hole means DTX (never a loss)."""
        rows = self._rows
        gap = timestamp - rows.timestamp.item(row)
        rows.sequence[row] += 1
        rows.timestamp[row] = timestamp + len(samples)
        rows.spacing[row] = len(samples)
        rows.delivered[row] = (rows.delivered.item(row) << 1 | 1) & _HISTORY
        rows.wild[row] = -1
        return [Missing(gap, lost=False), samples] if gap > 0 else [samples]

    def _skip(
        self, row: int, sequence: int, timestamp: int, samples: Samples, paused: bool = False
    ) -> list[Piece]:
        """Go on with this packet as if nothing would come of those before it."""
        rows = self._rows
        missing = sequence - rows.sequence.item(row)
        gap = timestamp - rows.timestamp.item(row)
        lost = self._is_loss(row, missing, timestamp) and not paused
        if lost:
            rows.lost[row] += missing
        rows.sequence[row] = sequence
        rows.timestamp[row] = timestamp
        rows.delivered[row] = rows.delivered.item(row) << min(missing, 62) & _HISTORY
        hole: list[Piece] = [Missing(gap, lost)] if gap > 0 else []
        return hole + self._deliver(row, timestamp, samples)

    def _give_up(self, row: int) -> list[Piece]:
        """Leave the first hole behind, with all that is in order after it."""
        rows = self._rows
        first = rows.sequence.item(row)
        sequence = next(n for n in range(first, first + SLOTS) if rows.held_length[row, n % SLOTS])
        timestamp, samples = self._take(row, sequence)
        return self._skip(row, sequence, timestamp, samples) + self._drain(row)

    def _drain(self, row: int) -> list[Piece]:
        rows = self._rows
        pieces: list[Piece] = []
        while rows.held_length[row, rows.sequence.item(row) % SLOTS]:
            pieces += self._deliver(row, *self._take(row, rows.sequence.item(row)))
        waiting = rows.held_at[row][rows.held_length[row] > 0]
        rows.hole_since[row] = waiting.min(initial=NO_TIME)
        return pieces

    def _take(self, row: int, sequence: int) -> tuple[int, Samples]:
        rows = self._rows
        slot = sequence % SLOTS
        length = int(rows.held_length[row, slot])
        rows.held_length[row, slot] = 0
        return int(rows.held_timestamp[row, slot]), rows.held[row, slot, :length].copy()
