"""The exception tree. Everything Attendant raises on purpose descends from AttendantError.

AttendantError
├── ConfigError          a setting is wrong: names file, key, value and what was expected
├── MalformedPacket      bytes from the network are not what they claim to be
├── BoardFull            no row is free for another media
├── AsteriskError        the PBX refused a request
│   ├── ResourceGone     404: the channel or bridge is no more (often an expected event)
│   └── OutcomeUnknown   no answer came: it may or may not have happened; look before acting again
├── AgentError           the agent, its voice or its recogniser failed (retryable or not)
├── StaleRecord          a call's record was changed by somebody else
├── StoreUnavailable     the store of records cannot be reached
└── UnexpectedEvent      a machine was told something that its own commands cannot cause: a bug
"""


class AttendantError(Exception):
    """The root of all errors that Attendant raises on purpose."""


class ConfigError(AttendantError):
    """A setting is wrong. The message names file, key, value and what was expected."""


class MalformedPacket(AttendantError):
    """Bytes from the network are not what they claim to be."""


class BoardFull(AttendantError):
    """No row is free for another media."""


class AsteriskError(AttendantError):
    """The PBX refused a request.

    status is the HTTP status (0 when none was received), reason the PBX's own words.
    """

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(f"{operation}: {status} {reason}")
        self.operation = operation
        self.status = status
        self.reason = reason


class ResourceGone(AsteriskError):
    """404: the channel, bridge or playback is no more."""


class OutcomeUnknown(AsteriskError):
    """No answer came in time: it may or may not have happened."""


class AgentError(AttendantError):
    """The agent, its voice or its recogniser failed."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class StaleRecord(AttendantError):
    """A call's record was changed by somebody else since it was read."""


class StoreUnavailable(AttendantError):
    """The store of records cannot be reached, or did not answer in time."""


class UnexpectedEvent(AttendantError):
    """A machine was told something that its own commands cannot cause: a bug."""
