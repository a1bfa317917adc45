"""The state of all media as rows of arrays: one media is one row, one fact is one column.

Columns are what makes "all calls at once" possible: whatever is done to a row can be done to many.
Who writes a column is said beside it; nobody else may.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ari_app.errors import BoardFull
from ari_app.media.g711 import FRAME_SAMPLES
from ari_app.media.serial import Integers
from ari_app.media.values import Samples

FRAME = FRAME_SAMPLES
"Samples of a frame."
RATE = 8000
FRAME_SECONDS = FRAME / RATE
SLOTS = 16
"Packets that a row can hold behind a hole."
PACKET_SAMPLES = 480
"The longest packet that we take: 60 ms."

Seconds = NDArray[np.float64]
Flags = NDArray[np.bool_]
NO_TIME = np.inf
"In a column of times: it has not happened, and no deadline follows from it."


class Rows:
    """Rows for `count` media. A row that is free is empty: nothing is due in it."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = deque(range(count))
        self._columns: list[tuple[NDArray[np.generic], float]] = []
        self._add_order()
        self._add_stream()
        self._add_sending()
        self._add_speech()
        self._add_counts()

    def _add_order(self) -> None:
        """Order of arrival (reorder)."""
        self.ssrc = self._integers(-1)
        self.sequence = self._integers()  # extended, the next one expected
        self.timestamp = self._integers()  # extended, of the next sample expected
        self.spacing = self._integers()  # samples of the last packet
        self.delivered = self._integers()  # bit k: sequence - 1 - k came
        self.wild = self._integers(-1)  # SSRC << 16 | sequence that would confirm a restart
        self.wait = self._seconds()  # how long a hole is worth waiting
        self.held_length = self._integers(shape=(SLOTS,))  # samples, 0: the slot is empty
        self.held_timestamp = self._integers(shape=(SLOTS,))
        self.held_at = self._seconds(shape=(SLOTS,))
        self.hole_since = self._seconds(NO_TIME)  # when the first packet behind a hole came
        self.held = self._samples((SLOTS, PACKET_SAMPLES))

    def _add_stream(self) -> None:
        """The unbroken stream (stream)."""
        self.origin = self._seconds(NO_TIME)  # when the media was connected
        self.arrived = self._seconds(NO_TIME)  # when the last packet of use came
        self.frames = self._integers()  # given out
        self.filling = self._integers()  # samples of silence since the last packet
        self.part = self._samples((FRAME,))
        self.part_length = self._integers()
        self.part_kinds = self._integers(shape=(3,))  # samples of each kind in it
        self.silent_since = self._seconds()
        self.quiet_next = self._seconds()  # when to tell StreamQuiet
        self.quiet = self._flags()  # it was told
        self.silence_expected = self._flags()

    def _add_sending(self) -> None:
        """Sending (pace, playout)."""
        self.next_send = self._seconds(NO_TIME)  # deadline of the next frame
        self.out_ssrc = self._integers()
        self.out_sequence = self._integers()
        self.out_timestamp = self._integers()
        self.out_marker = self._flags()
        self.lost_time = self._integers()  # frames that a stall cost for good
        self.repaid = self._integers()  # silent frames left out after a stall
        self.debt = self._integers()  # extra frames that are not yet repaid
        self.ready = self._flags()  # the next frame is speech
        self.busy = self._flags()  # there are items that were not heard to their end
        self.paused = self._flags()

    def _add_speech(self) -> None:
        """Speech edges (gate)."""
        self.floor = self._seconds()  # RMS of the noise
        self.sent_level = self._seconds()  # RMS of what we sent lately
        self.recent = self._integers()  # bit k: the frame k ago was speech
        self.speaking = self._flags()
        self.last_speech = self._seconds()  # media time

    def _add_counts(self) -> None:
        """Packets or frames (everyone), seconds of what was worst."""
        self.received = self._integers()
        self.lost = self._integers()
        self.reordered = self._integers()
        self.duplicate = self._integers()
        self.late = self._integers()
        self.malformed = self._integers()
        self.concealed = self._integers()
        self.filled = self._integers()
        self.left_out = self._integers()  # quiet frames, to get back to real time
        self.sent = self._integers()
        self.longest_gap = self._seconds()
        self.send_lateness = self._seconds()

    def allocate(self) -> int:
        """Take a free row. Raises BoardFull."""
        try:
            return self._free.popleft()
        except IndexError:
            raise BoardFull(f"all {self.count} rows of the board are taken") from None

    def free(self, row: int) -> None:
        """Empty a row and give it back. It is the last one to be taken again."""
        for column, empty in self._columns:
            column[row] = empty
        self._free.append(row)

    def _integers(self, empty: int = 0, shape: tuple[int, ...] = ()) -> Integers:
        column = np.full((self.count, *shape), empty, np.int64)
        self._columns.append((column, empty))
        return column

    def _seconds(self, empty: float = 0.0, shape: tuple[int, ...] = ()) -> Seconds:
        column = np.full((self.count, *shape), empty, np.float64)
        self._columns.append((column, empty))
        return column

    def _flags(self) -> Flags:
        column = np.zeros(self.count, np.bool_)
        self._columns.append((column, False))
        return column

    def _samples(self, shape: tuple[int, ...]) -> Samples:
        column = np.zeros((self.count, *shape), np.int16)
        self._columns.append((column, 0))
        return column
