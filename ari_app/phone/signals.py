"""What a call's signalling asks for and reports."""

from dataclasses import dataclass

from ari_app.phone.port import Ended
from ari_app.phone.sdp import Session
from ari_app.phone.sip import Request, Response


@dataclass(frozen=True)
class Ask:
    """Send this request."""

    request: Request


@dataclass(frozen=True)
class Answer:
    """Send this response to that request."""

    request: Request
    response: Response


@dataclass(frozen=True)
class Rang:
    """The far side rings (180), or plays something before the answer (183)."""


@dataclass(frozen=True)
class Answered:
    """Both sides may talk."""

    session: Session
    "How the far side described its stream."


@dataclass(frozen=True)
class Changed:
    """The far side described its stream anew: a re-INVITE of its own, or an answer to ours."""

    session: Session


@dataclass(frozen=True)
class Replied:
    """A final response came to a request of ours within the call."""

    method: str
    status: int
    reason: str


@dataclass(frozen=True)
class PressedByInfo:
    """The far side pressed a key and told it by SIP INFO."""

    digit: str


@dataclass(frozen=True)
class Over:
    """The call is over; nothing follows."""

    ended: Ended


Report = Rang | Answered | Changed | Replied | PressedByInfo | Over
Effect = Ask | Answer | Report
