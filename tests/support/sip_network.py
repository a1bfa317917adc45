"""Two user agents on a network in virtual time, which loses what a test wants lost."""

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ari_app.phone.identity import Identity
from ari_app.phone.port import Account, Address
from ari_app.phone.signalling import Signalling
from ari_app.phone.sip import Request, Response
from ari_app.phone.transaction import Transmit
from ari_app.phone.useragent import Called, Happened, Registered, UserAgent

ALICE: Address = ("127.0.0.1", 5061)
BOB: Address = ("127.0.0.1", 5062)
DELAY = 0.01


def agent(here: Address, registrar: Address, password: str = "") -> UserAgent:
    words = (f"{here[1]}x{n}" for n in itertools.count())
    return UserAgent(Identity(Account("somebody", registrar, password), here, lambda: next(words)))


def name(message: Request | Response) -> str:
    """Like 'INVITE' or '200 INVITE'."""
    if isinstance(message, Request):
        return message.method
    return f"{message.status} {message.cseq[1]}"


@dataclass
class Network:
    """Alice calls Bob; both are machines, time is a number."""

    loses: Callable[[str, int], bool] = lambda what, count: False
    "Of a message's name, and how many of it were sent before."
    damages: Callable[[bytes], bytes] = lambda data: data
    "What becomes of a datagram on its way."
    now: float = 1000.0
    wire: list[tuple[float, str]] = field(default_factory=list)
    "Every message sent, with its time; lost ones in brackets."
    reports: dict[Address, list[object]] = field(default_factory=dict)
    called: list[Signalling] = field(default_factory=list)
    _flying: list[tuple[float, int, bytes, Address, Address]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.agents = {ALICE: agent(ALICE, BOB), BOB: agent(BOB, ALICE)}
        self.reports = {ALICE: [], BOB: []}

    def call(self) -> Signalling:
        alice = self.agents[ALICE]
        call = alice.dial("sip:bob@127.0.0.1:5062", BOB, ("127.0.0.1", 4000), (0, 8))
        self.run(ALICE, call, call.call())
        return call

    def run(self, who: Address, call: Signalling, effects: tuple[object, ...]) -> None:
        self._take(who, self.agents[who].run(call, effects, self.now))  # type: ignore[arg-type]

    def established(self) -> tuple[Signalling, Signalling]:
        """A call that Bob has answered."""
        call = self.call()
        self.pass_time(0.1)
        answer = self.called[0]
        self.run(BOB, answer, answer.answer())
        self.pass_time(0.1)
        return call, answer

    def pass_time(self, seconds: float) -> None:
        """Deliver, and tick, until then."""
        until = self.now + seconds
        while True:
            times = [a.deadline() for a in self.agents.values()]
            nexts = [t for t in times if t is not None]
            nexts += [self._flying[0][0]] if self._flying else []
            if min(nexts, default=until) >= until:
                self.now = until
                return
            self.now = max(self.now, min(nexts))
            while self._flying and self._flying[0][0] <= self.now:
                _, _, data, source, target = heapq.heappop(self._flying)
                self._take(target, self.agents[target].receive(data, source, self.now))
            for who, one in self.agents.items():
                self._take(who, one.tick(self.now))

    def sent(self, what: str) -> list[float]:
        """When a message was sent, lost ones included."""
        return [at for at, sent in self.wire if sent.strip("()") == what]

    def _take(self, who: Address, outputs: tuple[object, ...]) -> None:
        for output in outputs:
            if isinstance(output, Transmit):
                self._send(who, output)
            elif isinstance(output, Called):
                self.called.append(self.agents[who].calls[output.call_id])
            elif isinstance(output, Happened):
                self.reports[who].append(output.report)
            else:
                assert isinstance(output, Registered)
                self.reports[who].append(output)

    def _send(self, who: Address, transmit: Transmit) -> None:
        what = name(transmit.message)
        lost = self.loses(what, len(self.sent(what)))
        self.wire.append((self.now, f"({what})" if lost else what))
        if not lost:
            data = self.damages(bytes(transmit.message))
            due = self.now + DELAY
            heapq.heappush(self._flying, (due, next(self._order), data, who, transmit.peer))
