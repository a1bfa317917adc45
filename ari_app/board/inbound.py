"""From datagrams to what was heard."""

from collections.abc import Callable

import numpy as np

from ari_app.board.addresses import STRANGER, Addresses
from ari_app.board.detector import VoiceDetector
from ari_app.board.socket import Datagrams
from ari_app.media.g711 import Codec
from ari_app.media.gate import Gate
from ari_app.media.reorder import Frames, Voice
from ari_app.media.rows import FRAME, PACKET_SAMPLES, Flags, Rows
from ari_app.media.rtp import HEADER_BYTES, Headers, Octets, read_headers
from ari_app.media.serial import Integers
from ari_app.media.statistics import Jitter
from ari_app.media.stream import Heard, Stream
from ari_app.media.values import FrameHeard, MediaEvent

Report = Callable[[int, MediaEvent], None]
"Takes a row and what happened there."

WORTH_A_MATRIX = 6
"Packets in a beat from which on working on all of them at once is cheaper (measured)."


class Inbound:
    """Reads packets of all rows, and tells what was heard and when speech began and ended."""

    def __init__(self, rows: Rows, addresses: Addresses, gate: Gate, report: Report) -> None:
        self._rows = rows
        self._addresses = addresses
        self._gate = gate
        self._stream = Stream(rows)
        self._report = report
        self.jitter = Jitter(rows.count)
        self._payload_type = np.zeros(rows.count, np.int64)
        self._frame_bytes = np.zeros(rows.count, np.int64)
        self._codecs: dict[int, Codec] = {}
        self._spoken: frozenset[Codec] = frozenset()
        self._detectors: dict[int, VoiceDetector] = {}

    def open(self, row: int, codec: Codec) -> None:
        self._codecs[row] = codec
        self._spoken = frozenset(self._codecs.values())
        self._payload_type[row] = codec.payload_type
        self._frame_bytes[row] = codec.frame_bytes
        self._detectors[row] = VoiceDetector()
        self._gate.clear(row)

    def connect(self, row: int, now: float) -> None:
        self._stream.connect(row, now)

    def close(self, row: int) -> None:
        del self._codecs[row], self._detectors[row]
        self._spoken = frozenset(self._codecs.values())

    def expect_silence(self, row: int, on: bool, now: float) -> None:
        self._stream.expect_silence(row, on, now)

    def receive(self, datagrams: Datagrams, now: float) -> None:
        """Take what the socket gave. Strangers and malformed packets are counted and dropped."""
        if not datagrams.sources:
            return
        headers = read_headers(datagrams.data, datagrams.lengths)
        owners = np.array([self._addresses.row(key) for key in datagrams.sources], np.int64)
        known = owners != STRANGER
        np.add.at(self._rows.malformed, owners[known & ~headers.ok], 1)
        valid = known & headers.ok
        if np.count_nonzero(valid) >= WORTH_A_MATRIX:
            valid[self._receive_usual(valid, owners, headers, datagrams.data, now)] = False
        for index in np.flatnonzero(valid).tolist():
            row = int(owners[index])
            packet = self._decode(row, headers, datagrams.data, index)
            if packet is not None:
                source = self._rows.ssrc.item(row)
                self._hear(row, self._stream.push(row, packet, now))
                self._measure(row, packet, source, now)

    def _receive_usual(
        self, valid: Flags, owners: Integers, headers: Headers, data: Octets, now: float
    ) -> Integers:
        """Take all packets of 20 ms that are next in their rows; returns where they are."""
        where = np.flatnonzero(valid)
        where = where[np.unique(owners[where], return_index=True)[1]]  # the first of each row
        owner = owners[where]
        bare = headers.offset[where] == HEADER_BYTES
        bare &= headers.payload_type[where] == self._payload_type[owner]
        bare &= headers.length[where] == self._frame_bytes[owner]
        taken = []
        for codec in self._spoken:
            mine = where[bare & (self._payload_type[owner] == codec.payload_type)]
            packets = Frames(
                owners[mine],
                headers.sequence[mine],
                headers.timestamp[mine],
                headers.ssrc[mine],
                codec.decode(data[mine, HEADER_BYTES : HEADER_BYTES + codec.frame_bytes]),
            )
            usual, heard = self._stream.push_frames(packets, now)
            taken.append(mine[usual])
            media, at = packets.media[usual], np.full(len(heard), now)
            self.jitter.arrived_at_once(media, packets.timestamp[usual], at)
            for row, frame in zip(media.tolist(), heard, strict=True):
                self._hear(row, [frame])
        return np.concatenate(taken)

    def _decode(self, row: int, headers: Headers, data: Octets, index: int) -> Voice | None:
        """A packet's audio; None when it is of another kind, or cannot be what it says it is."""
        codec = self._codecs[row]
        if headers.payload_type[index] != codec.payload_type:
            return None
        offset, length = int(headers.offset[index]), int(headers.length[index])
        samples = length * FRAME // codec.frame_bytes
        if samples * codec.frame_bytes != length * FRAME or not 0 < samples <= PACKET_SAMPLES:
            self._rows.malformed[row] += 1
            return None
        return Voice(
            int(headers.sequence[index]),
            int(headers.timestamp[index]),
            int(headers.ssrc[index]),
            codec.decode(data[index, offset : offset + length]),
        )

    def _measure(self, row: int, packet: Voice, before: int, now: float) -> None:
        """Jitter of the row's source; `before`: the source before this packet."""
        source = self._rows.ssrc.item(row)
        if source != before:
            self.jitter.clear(row)
        if packet.ssrc == source:
            self.jitter.arrived(row, packet.timestamp, now)

    def due(self, now: float) -> None:
        """Call it every beat: silence where nobody sends, and the end of waiting at holes."""
        due = self._stream.due_rows(now)
        if not len(due):
            return
        usual, silence = self._stream.fill_frames(due, now)
        for row, frame in zip(due[usual].tolist(), silence, strict=True):
            self._hear(row, [frame])
        for row in due[~usual].tolist():
            self._hear(row, self._stream.due(row, now))

    def _hear(self, row: int, heard: list[Heard]) -> None:
        for event in heard:
            self._report(row, event)
            if isinstance(event, FrameHeard):
                speaks = event.kind == "voice" and self._detectors[row].is_speech(event.samples)
                edge = self._gate.hear(row, event, speaks)
                if edge is not None:
                    self._report(row, edge)
