"""What a call can ask for: imperative values. `LineCommand`s go to the PBX, strictly in order,
each after the previous one's outcome; `LocalCommand`s act inside this process at once."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ring:
    """Let the caller hear ringing."""


@dataclass(frozen=True)
class Answer:
    """Answer the caller."""


@dataclass(frozen=True)
class ArmDeadman:
    """Give the caller's channel this long to live in our hands: TIMEOUT(absolute)."""

    seconds: int
    "0 disarms."


@dataclass(frozen=True)
class OpenMedia:
    """Make a media channel whose RTP comes to our board. Done once it is asked for and its
    address is known; MediaJoined follows when it may be bridged."""

    media: str
    codec: str


@dataclass(frozen=True)
class CloseMedia:
    """Delete a media channel and give its row on the board back. Gone is done."""

    media: str


@dataclass(frozen=True)
class OpenBridge:
    """Make a mixing bridge."""

    bridge: str


@dataclass(frozen=True)
class Join:
    """Put channels into a bridge; '' stands for the caller's channel."""

    bridge: str
    channels: tuple[str, ...]


@dataclass(frozen=True)
class CloseBridge:
    """Destroy a bridge. Gone is done."""

    bridge: str


@dataclass(frozen=True)
class HandBack:
    """Let the caller's channel go on in the dialplan."""

    context: str
    extension: str
    priority: int = 1


@dataclass(frozen=True)
class HangUp:
    """Hang the caller up."""


@dataclass(frozen=True)
class ReadReception:
    """Ask how many RTP packets the caller's channel has received; Done carries the count."""


LineCommand = (
    Ring
    | Answer
    | ArmDeadman
    | OpenMedia
    | CloseMedia
    | OpenBridge
    | Join
    | CloseBridge
    | HandBack
    | HangUp
    | ReadReception
)


@dataclass(frozen=True)
class PrepareAgent:
    """Connect the agent while the caller hears ringing; AgentReady or AgentFailed follows."""


@dataclass(frozen=True)
class StartConversation:
    """Let agent and caller talk over this media from now on (also: go on over another one)."""

    media: str


@dataclass(frozen=True)
class PassDigit:
    """Give the conversation a key that the caller pressed."""

    digit: str
    duration: float
    "Seconds."


@dataclass(frozen=True)
class HoldConversation:
    """The caller is on hold (True) or back (False): nobody listens, nobody is reprompted."""

    held: bool


@dataclass(frozen=True)
class StopConversation:
    """End the conversation and close the agent's session."""


@dataclass(frozen=True)
class Release:
    """Forget every line command that was not sent yet: cleaning up overtakes them."""


LocalCommand = (
    PrepareAgent | StartConversation | PassDigit | HoldConversation | StopConversation | Release
)

Command = LineCommand | LocalCommand
