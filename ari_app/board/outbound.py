"""From what is to be said to packets."""

from collections.abc import Callable

import numpy as np

from ari_app.board.addresses import Addresses
from ari_app.board.beat import LANES
from ari_app.board.inbound import Report
from ari_app.board.socket import MediaSocket
from ari_app.media.g711 import Codec
from ari_app.media.gate import Gate
from ari_app.media.lateness import Lateness
from ari_app.media.pace import Pace
from ari_app.media.playout import Playout
from ari_app.media.rows import FRAME, Rows
from ari_app.media.rtp import HEADER_BYTES
from ari_app.media.serial import Integers
from ari_app.media.values import Samples

Sent = Callable[[Integers, Samples], None]
"Takes the rows that sent a frame, shape (n,), and the frames, shape (n, 160)."


class Outbound:
    """Sends one frame per 20 ms to every row that is connected."""

    def __init__(
        self,
        rows: Rows,
        *,
        addresses: Addresses,
        socket: MediaSocket,
        playout: Playout,
        gate: Gate,
        report: Report,
        clock: Callable[[], float],
    ) -> None:
        self.pace = Pace(rows)
        self.lateness = Lateness()
        self._rows = rows
        self._addresses = addresses
        self._socket = socket
        self._playout = playout
        self._gate = gate
        self._report = report
        self._clock = clock
        self._codecs: dict[int, Codec] = {}
        self._payload_type = np.zeros(rows.count, np.int64)
        self._spoken: frozenset[Codec] = frozenset()
        self._lanes = [np.zeros(0, np.int64)] * LANES
        self._frames = np.zeros((rows.count, FRAME), np.int16)
        self._packets = np.zeros((rows.count, HEADER_BYTES + 2 * FRAME), np.uint8)

    def is_connected(self, row: int) -> bool:
        return row in self._codecs

    def connect(self, row: int, codec: Codec) -> None:
        self._codecs[row] = codec
        self._payload_type[row] = codec.payload_type
        self._spread()

    def close(self, row: int) -> None:
        self._codecs.pop(row, None)
        self._spread()

    def _spread(self) -> None:
        """A row's lane is its number modulo the lanes."""
        self._spoken = frozenset(self._codecs.values())
        rows = np.array(sorted(self._codecs), np.int64)
        self._lanes = [rows[rows % LANES == lane] for lane in range(LANES)]

    def send(self, lane: int, deadline: float, sent: Sent) -> None:
        """Send what this lane owes at this deadline (seconds, on the beat)."""
        if not len(self._lanes[lane]):
            return
        rows = self._lanes[lane]
        deadlines = self._rows.next_send[rows]  # a copy: pace moves them on
        for sending in self.pace.due(rows, deadline):
            if len(sending):
                frames = self._next_frames(sending)
                self._gate.sent(sending, frames)
                self._transmit(sending, frames)
                sent(sending, frames)
        late = self._clock() - deadlines
        self.lateness.add(late)
        late = np.where(np.isfinite(deadlines), late, 0.0)
        self._rows.send_lateness[rows] = np.maximum(self._rows.send_lateness[rows], late)

    def _next_frames(self, sending: Integers) -> Samples:
        frames = self._frames[: len(sending)]
        frames[:] = 0
        for index in np.flatnonzero(self._rows.busy[sending]).tolist():
            row = int(sending[index])
            for played in self._playout.next(row, frames[index]):
                self._report(row, played)
        return frames

    def _transmit(self, sending: Integers, frames: Samples) -> None:
        for codec in self._spoken:
            mine = self._payload_type[sending] == codec.payload_type
            chosen, coded = sending[mine], codec.encode(frames[mine])
            if not len(chosen):
                continue
            packets = self._packets[: len(chosen), : HEADER_BYTES + codec.frame_bytes]
            packets[:, HEADER_BYTES:] = coded
            self.pace.write(chosen, codec.payload_type, packets)
            self._socket.send(packets, self._addresses.destinations[chosen])
