"""When frames leave: one every 20 ms, whatever happens to us.

A stall of at most 60 ms is caught up with one extra frame per beat. A bridge that mixes has played
silence meanwhile and would carry the extra frames as a standing delay, so they are repaid: as many
frames of silence are left out later. A longer stall is lost time: the timestamp leaps, as RFC 3551
§4.1 wants with the marker set, and speech stays queued.
"""

import numpy as np

from ari_app.media.rows import FRAME, FRAME_SECONDS, Rows
from ari_app.media.rtp import Octets, write_headers
from ari_app.media.serial import Integers

CATCH_UP_FRAMES = 3
"The longest stall that is caught up: 60 ms."
_AT_ONCE = -np.inf
_EARLY = 1e-3
"Seconds; a deadline this near is now."


class Pace:
    """Counts out the frames of every row. Give it the times of the beat, not of the clock."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def connect(self, row: int, *, ssrc: int, sequence: int, timestamp: int) -> None:
        """The stream begins with the next beat; the numbers shall be random (RFC 3550 §5.1)."""
        rows = self._rows
        rows.out_ssrc[row], rows.out_sequence[row] = ssrc, sequence
        rows.out_timestamp[row] = timestamp
        rows.out_marker[row] = True
        rows.next_send[row] = _AT_ONCE

    def due(self, lane: Integers, now: float) -> tuple[Integers, Integers]:
        """Of these rows: who sends a frame, and who sends a second one.

        lane: rows that are connected, shape (n,). Deadlines move on; you must send what you were
        told.
        """
        rows = self._rows
        fresh = rows.next_send[lane] == _AT_ONCE
        rows.next_send[lane[fresh]] = now
        owed = np.floor((now - rows.next_send[lane] + _EARLY) / FRAME_SECONDS).astype(np.int64) + 1
        if owed.max(initial=0) > CATCH_UP_FRAMES + 1:
            self._lose_time(lane, owed)
            owed = np.where(owed > CATCH_UP_FRAMES + 1, 1, owed)
        repaid = (owed == 1) & (rows.debt[lane] > 0) & ~rows.ready[lane]
        once, twice = (owed >= 1) & ~repaid, owed >= 2
        rows.debt[lane] += twice.astype(np.int64) - repaid
        rows.next_send[lane] += FRAME_SECONDS * np.minimum(np.maximum(owed, 0), 2)
        rows.repaid[lane] += repaid
        return lane[once], lane[twice]

    def clock(self, row: int) -> int:
        """Frames' worth of time that passed for this row, sent or not."""
        rows = self._rows
        return int(rows.sent[row] + rows.lost_time[row] + rows.repaid[row])

    def _lose_time(self, lane: Integers, owed: Integers) -> None:
        rows = self._rows
        long = owed > CATCH_UP_FRAMES + 1
        stalled, lost = lane[long], owed[long] - 1
        rows.next_send[stalled] += lost * FRAME_SECONDS
        rows.out_timestamp[stalled] += lost * FRAME
        rows.out_marker[stalled] = True
        rows.lost_time[stalled] += lost

    def write(self, sending: Integers, payload_type: int, packets: Octets) -> None:
        """Put the headers before the payloads of one frame of each of these rows."""
        rows = self._rows
        write_headers(
            packets,
            payload_type=payload_type,
            sequence=rows.out_sequence[sending],
            timestamp=rows.out_timestamp[sending],
            ssrc=rows.out_ssrc[sending],
            marker=rows.out_marker[sending],
        )
        rows.out_sequence[sending] += 1
        rows.out_timestamp[sending] += FRAME
        rows.out_marker[sending] = False
        rows.sent[sending] += 1
