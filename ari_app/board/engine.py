"""One beat's work for all media: obey, send, receive, fill, report."""

import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping

from ari_app.board import messages
from ari_app.board.addresses import Addresses
from ari_app.board.beat import LANES, SECONDS
from ari_app.board.inbound import Inbound
from ari_app.board.messages import Message
from ari_app.board.outbound import Outbound
from ari_app.board.socket import MediaSocket
from ari_app.board.taps import Pairing
from ari_app.media.g711 import CODECS
from ari_app.media.gate import Gate
from ari_app.media.lateness import LatenessSeen
from ari_app.media.playout import Playout
from ari_app.media.rows import FRAME_SECONDS, Rows
from ari_app.media.serial import Integers
from ari_app.media.values import (
    FrameHeard,
    MediaEvent,
    MediaStatistics,
    Samples,
    StreamClosed,
    TapPair,
)

Reports = list[tuple[str, MediaEvent | TapPair]]
"What happened to which media, in order."


class Engine:
    """All media's work. Everything runs in the beat's thread, except `inbox.append`.

    post: takes the reports of a beat; called at most once per beat.
    """

    def __init__(
        self,
        rows: Rows,
        socket: MediaSocket,
        *,
        far_delay: float,
        seen_as: Mapping[str, str],
        post: Callable[[Reports], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.inbox: deque[Message] = deque()
        self.addresses = Addresses(rows.count, seen_as)
        self._rows = rows
        self._socket = socket
        self._post = post
        self._clock = clock
        self._names: dict[int, str] = {}
        self._codecs: dict[int, str] = {}
        self._pairings: dict[int, Pairing] = {}
        self._reports: Reports = []
        gate = Gate(rows)
        self._playout = Playout(rows, far_delay)
        self._inbound = Inbound(rows, self.addresses, gate, self._report)
        self._outbound = Outbound(
            rows,
            addresses=self.addresses,
            socket=socket,
            playout=self._playout,
            gate=gate,
            report=self._report,
            clock=clock,
        )

    @property
    def lateness(self) -> LatenessSeen:
        """Of all frames sent so far. Any thread may ask."""
        return self._outbound.lateness.seen()

    def work(self, beats: range, start: float) -> None:
        """Do these beats; `start` is the time of beat 0. Sending comes first: it has a deadline."""
        self._obey(self._clock())
        for beat in beats:
            self._outbound.send(beat % LANES, start + beat * SECONDS, self._sent)
        now = self._clock()
        self._inbound.receive(self._socket.receive(), now)
        self._inbound.due(now)
        self._flush_reports()

    def close(self) -> None:
        """Close every media that is still open."""
        for row in list(self._names):
            self._close(row)
        self._flush_reports()

    def _flush_reports(self) -> None:
        if self._reports:
            self._post(self._reports)
            self._reports = []

    def _report(self, row: int, event: MediaEvent) -> None:
        self._reports.append((self._names[row], event))
        if isinstance(event, FrameHeard) and row in self._pairings:
            number = round(event.at / FRAME_SECONDS)
            self._report_pairs(row, self._pairings[row].heard(number, event.samples))

    def _sent(self, sending: Integers, frames: Samples) -> None:
        """Tell the taps."""
        if self._pairings:
            for row, frame in zip(sending.tolist(), frames, strict=True):
                if row in self._pairings:
                    number = self._outbound.pace.clock(row) - 1
                    self._report_pairs(row, self._pairings[row].sent(number, frame.copy()))

    def _report_pairs(self, row: int, pairs: list[TapPair]) -> None:
        self._reports += [(self._names[row], pair) for pair in pairs]

    def _obey(self, now: float) -> None:
        while self.inbox:
            message = self.inbox.popleft()
            match message:
                case messages.Open(row, media, codec):
                    self._open(row, media, codec)
                case messages.Connect(row, remote):
                    self._connect(row, remote, now)
                case messages.Play(row, item, samples):
                    self._playout.play(row, item, samples)
                case messages.Finish(row, item):
                    self._playout.finish(row, item)
                case messages.Pause(row):
                    self._playout.pause(row)
                case messages.Resume(row, rewind):
                    self._playout.resume(row, rewind)
                case messages.Flush(row):
                    self._cut(row)
                case messages.ExpectSilence(row, on):
                    self._inbound.expect_silence(row, on, now)
                case messages.Listen(row, on):
                    self._listen(row, on)
                case messages.Close(row):
                    self._close(row)

    def _open(self, row: int, media: str, codec: str) -> None:
        self._names[row], self._codecs[row] = media, codec
        self._playout.clear(row)
        self._inbound.open(row, CODECS[codec])

    def _connect(self, row: int, remote: tuple[str, int], now: float) -> None:
        """The stream begins; or, when it had begun, goes on with another address."""
        first = not self._outbound.is_connected(row)
        self.addresses.bind(row, remote)
        if first:
            self._inbound.connect(row, now)
            self._outbound.connect(row, CODECS[self._codecs[row]])
            self._outbound.pace.connect(
                row,
                ssrc=secrets.randbits(32),
                sequence=secrets.randbits(16),
                timestamp=secrets.randbits(32),
            )

    def _cut(self, row: int) -> None:
        for played in self._playout.flush(row):
            self._report(row, played)

    def _listen(self, row: int, on: bool) -> None:
        self._pairings.pop(row, None)
        if on:
            begun = max(int(self._rows.frames[row]), self._outbound.pace.clock(row))
            self._pairings[row] = Pairing(begun)

    def _close(self, row: int) -> None:
        self._cut(row)
        self._pairings.pop(row, None)
        self.addresses.unbind(row)
        self._inbound.close(row)
        self._outbound.close(row)
        self._report(row, StreamClosed(self._statistics(row)))
        del self._names[row], self._codecs[row]
        self._rows.free(row)

    def _statistics(self, row: int) -> MediaStatistics:
        rows = self._rows
        return MediaStatistics(
            received=int(rows.received[row]),
            lost=int(rows.lost[row]),
            reordered=int(rows.reordered[row]),
            duplicate=int(rows.duplicate[row]),
            late=int(rows.late[row]),
            malformed=int(rows.malformed[row]),
            concealed=int(rows.concealed[row]),
            filled=int(rows.filled[row]),
            sent=int(rows.sent[row]),
            jitter=float(self._inbound.jitter.seconds[row]),
            longest_gap=float(rows.longest_gap[row]),
            send_lateness=float(rows.send_lateness[row]),
        )
