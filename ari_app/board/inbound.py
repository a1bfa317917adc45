"""From datagrams to what was heard."""

from collections.abc import Callable

from ari_app.board.addresses import STRANGER, Addresses
from ari_app.board.detector import VoiceDetector
from ari_app.board.socket import Datagrams
from ari_app.media.g711 import Codec
from ari_app.media.gate import Gate
from ari_app.media.reorder import Voice
from ari_app.media.rows import FRAME, PACKET_SAMPLES, Rows
from ari_app.media.rtp import read_headers
from ari_app.media.stream import Heard, Stream
from ari_app.media.values import FrameHeard, MediaEvent

Report = Callable[[int, MediaEvent], None]
"Takes a row and what happened there."


class Inbound:
    """Reads packets of all rows, and tells what was heard and when speech began and ended."""

    def __init__(self, rows: Rows, addresses: Addresses, gate: Gate, report: Report) -> None:
        self._rows = rows
        self._addresses = addresses
        self._gate = gate
        self._stream = Stream(rows)
        self._report = report
        self._codecs: dict[int, Codec] = {}
        self._detectors: dict[int, VoiceDetector] = {}

    def open(self, row: int, codec: Codec) -> None:
        self._codecs[row] = codec
        self._detectors[row] = VoiceDetector()
        self._gate.clear(row)

    def connect(self, row: int, now: float) -> None:
        self._stream.connect(row, now)

    def close(self, row: int) -> None:
        del self._codecs[row], self._detectors[row]

    def expect_silence(self, row: int, on: bool, now: float) -> None:
        self._stream.expect_silence(row, on, now)

    def receive(self, datagrams: Datagrams, now: float) -> None:
        """Take what the socket gave. Strangers and malformed packets are counted and dropped."""
        if not datagrams.sources:
            return
        headers = read_headers(datagrams.data, datagrams.lengths)
        columns = (
            headers.ok, headers.payload_type, headers.sequence, headers.timestamp, headers.ssrc,
            headers.offset, headers.length,
        )  # fmt: skip
        read = zip(
            datagrams.sources, datagrams.data, *(column.tolist() for column in columns), strict=True
        )
        for source, data, ok, payload_type, sequence, timestamp, ssrc, offset, length in read:
            row = self._addresses.row(source)
            if row == STRANGER:
                continue
            codec = self._codecs[row]
            samples = length * FRAME // codec.frame_bytes
            whole = samples * codec.frame_bytes == length * FRAME
            if not (ok and whole and 0 < samples <= PACKET_SAMPLES):
                self._rows.malformed[row] += 1
            elif payload_type == codec.payload_type:
                voice = codec.decode(data[offset : offset + length])
                packet = Voice(sequence, timestamp, ssrc, voice)
                self._hear(row, self._stream.push(row, packet, now))

    def due(self, now: float) -> None:
        """Call it every beat: silence where nobody sends, and the end of waiting at holes."""
        for row in self._stream.due_rows(now):
            self._hear(row, self._stream.due(row, now))

    def _hear(self, row: int, heard: list[Heard]) -> None:
        for event in heard:
            self._report(row, event)
            if isinstance(event, FrameHeard):
                speaks = event.kind == "voice" and self._detectors[row].is_speech(event.samples)
                edge = self._gate.hear(row, event, speaks)
                if edge is not None:
                    self._report(row, edge)
