"""One call's signalling, RFC 3261 §9 and §13 to §15: a machine that asks for messages to be sent.

It needs no clock: what takes too long is the transactions' business, and comes as an event.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from ari_app.errors import MalformedPacket
from ari_app.phone import sdp
from ari_app.phone.dialog import ALLOWED, Dialog
from ari_app.phone.identity import CHALLENGES
from ari_app.phone.port import Address, CallState, Ended
from ari_app.phone.signals import (
    Answer,
    Answered,
    Ask,
    Changed,
    Effect,
    Over,
    PressedByInfo,
    Rang,
    Replied,
)
from ari_app.phone.sip import Request, Response


@dataclass
class Signalling:
    """One call. Its verbs and `receive` return what follows from them, in order."""

    dialog: Dialog
    peer: Address
    session: sdp.Session
    "Our own description of the stream."
    invite: Request | None = None
    "The INVITE that makes the call: theirs, when it comes in."
    direction: Literal["out", "in"] = "out"
    state: CallState = "calling"
    far_number: int = 0
    "CSeq of the far side's last request."
    proceeding: bool = False
    "A provisional response came to our INVITE: from now on it can be cancelled."
    leaving: bool = False
    "We asked for the end (CANCEL or BYE)."
    _confirmed: dict[int, Request] = field(default_factory=dict)
    "Our ACK of each 2xx, by CSeq."

    # Verbs.

    def call(self) -> tuple[Effect, ...]:
        """Send the INVITE."""
        self.invite = self.dialog.invite(
            self.session, *self.dialog.identity.account.headers.items()
        )
        return (Ask(self.invite),)

    def ring(self) -> tuple[Effect, ...]:
        self.state = "ringing"
        return (self._answer_call(180, "Ringing"),)

    def answer(self) -> tuple[Effect, ...]:
        """Accept an incoming call; Answered follows when the caller confirms it."""
        return (self._answer_call(200, "OK", self.session),)

    def reject(self, status: int) -> tuple[Effect, ...]:
        answer = self._answer_call(status, "Rejected")
        return (answer, *self._over(Ended("us", status, "Rejected")))

    def hang_up(self) -> tuple[Effect, ...]:
        """BYE, CANCEL or 480, as the call's state asks for."""
        if self.state == "ended" or self.leaving:
            return ()
        if self.direction == "in" and self.state != "answered":
            return self.reject(480)
        self.leaving = True
        if self.state == "answered":
            return (Ask(self.dialog.request("BYE")),)
        return self._cancel() if self.proceeding else ()

    def modify(self, direction: sdp.Direction) -> tuple[Effect, ...]:
        """re-INVITE with another direction (hold is sendonly, RFC 3264 §8.4)."""
        version = self.session.version + 1
        self.session = replace(self.session, direction=direction, version=version)
        return (Ask(self.dialog.invite(self.session)),)

    def inform(self, kind: str, body: bytes) -> tuple[Effect, ...]:
        """INFO with a body of that content type, RFC 2976."""
        return (Ask(self.dialog.request("INFO", ("Content-Type", kind), body=body)),)

    def refer(self, uri: str) -> tuple[Effect, ...]:
        return (Ask(self.dialog.refer(uri)),)

    # What comes.

    def receive(self, message: Request | Response) -> tuple[Effect, ...]:
        """A message of this call that is no retransmission."""
        if isinstance(message, Response):
            return self._responded(message)
        number, method = message.cseq
        if method == "CANCEL":
            return self._cancelled(message)
        if method == "ACK":
            return self._acknowledged()
        if number < self.far_number:
            return (self._reply(message, 500, "Out of Order"),)
        self.far_number = number
        return self._requested(message)

    def unanswered(self, request: Request) -> tuple[Effect, ...]:
        """Nobody answered our request: as if it were a 408, §8.1.3.1."""
        if request.method in ("INVITE", "BYE", "CANCEL"):
            return self._over(Ended("network", 408, f"no answer to {request.method}"))
        return (Replied(request.method, 408, "Request Timeout"),)

    def unacknowledged(self) -> tuple[Effect, ...]:
        """No ACK came for our 200: §13.3.1.4 wants a BYE."""
        if self.state == "ended":
            return ()
        bye = Ask(self.dialog.request("BYE"))
        return (bye, *self._over(Ended("network", 408, "no ACK")))

    def _requested(self, request: Request) -> tuple[Effect, ...]:
        match request.method:
            case "BYE":
                over = self._over(Ended("them", 200, "BYE", q850(request.get("Reason"))))
                effects: tuple[Effect, ...] = (self._reply(request, 200, "OK"), *over)
            case "INVITE":
                effects = self._reoffered(request)
            case "INFO":
                digit = relayed_digit(request.body)
                pressed = (PressedByInfo(digit),) if digit else ()
                effects = (self._reply(request, 200, "OK"), *pressed)
            case "OPTIONS" | "NOTIFY":
                effects = (self._reply(request, 200, "OK"),)
            case _:
                allow = ("Allow", ALLOWED)
                refused = self.dialog.response(request, 405, "Method Not Allowed", allow)
                effects = (Answer(request, refused),)
        return effects

    def _reoffered(self, request: Request) -> tuple[Effect, ...]:
        """A re-INVITE: answer what is offered, or describe our stream when nothing is."""
        changed: tuple[Effect, ...] = ()
        if request.body:
            try:
                offer = sdp.parse(request.body)
            except MalformedPacket:
                return (self._reply(request, 488, "Not Acceptable Here"),)
            ours, version = self.session, self.session.version + 1
            answered = sdp.answer(offer, ours.host, ours.port, version)
            if answered is None:
                return (self._reply(request, 488, "Not Acceptable Here"),)
            self.session, changed = answered, (Changed(offer),)
        self.dialog.retarget(request)
        accepted = self.dialog.response(request, 200, "OK", session=self.session)
        return (Answer(request, accepted), *changed)

    def _cancelled(self, request: Request) -> tuple[Effect, ...]:
        if self.direction == "out" or self.state not in ("calling", "ringing"):
            return (self._reply(request, 481, "Call Does Not Exist"),)
        gone = self._answer_call(487, "Request Terminated")
        over = self._over(Ended("them", 487, "CANCEL", q850(request.get("Reason"))))
        return (self._reply(request, 200, "OK"), gone, *over)

    def _acknowledged(self) -> tuple[Effect, ...]:
        if self.direction == "out" or self.state not in ("calling", "ringing"):
            return ()
        assert self.invite is not None, "an incoming call has its INVITE"
        self.state = "answered"
        return (Answered(sdp.parse(self.invite.body)),)

    def _responded(self, response: Response) -> tuple[Effect, ...]:
        number, method = response.cseq
        if method == "INVITE" and number in self._confirmed:
            return (Ask(self._confirmed[number]),)
        if response.status in CHALLENGES and not (self.leaving and method == "INVITE"):
            again = self.dialog.authenticated(response)
            if again is not None:
                if self.state == "calling":
                    self.invite, self.proceeding = again, False
                return (Ask(again),)
        if method == "INVITE":
            return self._invited(response)
        if response.status < 200 or method == "CANCEL":
            return ()
        if method == "BYE":
            return self._over(Ended("us", 200, response.reason))
        return (Replied(method, response.status, response.reason),)

    def _invited(self, response: Response) -> tuple[Effect, ...]:
        """A response to an INVITE of ours, the first or a later one."""
        if response.status < 200:
            return self._provisional(response)
        if self.state == "answered":
            return self._reinvited(response)
        if response.status >= 300:
            by: Literal["us", "them"] = "us" if self.leaving else "them"
            cause = q850(response.get("Reason"))
            return self._over(Ended(by, response.status, response.reason, cause))
        self.dialog.learn(response)
        confirm = self._confirm(response)
        if self.state == "ended":
            return (confirm,)
        self.state = "answered"
        session = _described(response)
        if self.leaving or session is None:
            self.leaving = True
            return (confirm, Ask(self.dialog.request("BYE")))
        return (confirm, Answered(session))

    def _provisional(self, response: Response) -> tuple[Effect, ...]:
        if self.state not in ("calling", "ringing"):
            return ()
        first, self.proceeding = not self.proceeding, True
        if self.leaving:
            return self._cancel() if first else ()
        if response.status not in (180, 183):
            return ()
        self.state = "ringing"
        return (Rang(),)

    def _reinvited(self, response: Response) -> tuple[Effect, ...]:
        replied = Replied("INVITE", response.status, response.reason)
        if response.status >= 300:
            return (replied,)
        self.dialog.retarget(response)
        session = _described(response)
        changed = () if session is None else (Changed(session),)
        return (self._confirm(response), *changed, replied)

    # Messages.

    def _confirm(self, response: Response) -> Ask:
        ack = self.dialog.ack(response)
        self._confirmed[response.cseq[0]] = ack
        return Ask(ack)

    def _cancel(self) -> tuple[Effect, ...]:
        assert self.invite is not None, "only a sent INVITE is cancelled"
        return (Ask(self.dialog.cancel(self.invite)),)

    def _answer_call(self, status: int, reason: str, session: sdp.Session | None = None) -> Answer:
        """A response to the INVITE of an incoming call."""
        assert self.invite is not None, "only an incoming call is answered"
        response = self.dialog.response(self.invite, status, reason, session=session)
        return Answer(self.invite, response)

    def _reply(self, request: Request, status: int, reason: str) -> Answer:
        return Answer(request, self.dialog.response(request, status, reason))

    def _over(self, ended: Ended) -> tuple[Effect, ...]:
        if self.state == "ended":
            return ()
        self.state = "ended"
        return (Over(ended),)


def _described(response: Response) -> sdp.Session | None:
    try:
        return sdp.parse(response.body)
    except MalformedPacket:
        return None


def q850(reason: str) -> int | None:
    """The cause of a Reason header (RFC 3326)."""
    match = re.match(r"Q\.850\s*;.*?cause\s*=\s*(\d{1,3})", reason, re.IGNORECASE)
    return int(match[1]) if match else None


def relayed_digit(body: bytes) -> str:
    """The digit of an application/dtmf-relay body, '' where there is none."""
    match = re.search(rb"^Signal\s*=\s*([0-9A-D*#])\s*$", body, re.MULTILINE)
    return match[1].decode() if match else ""
