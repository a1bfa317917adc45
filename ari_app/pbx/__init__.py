"""A private PBX beside the host: unpacked without root, configured from the shipped fragments.

Standard library only: this package runs on a bare python3.11, before anything is installed.
"""

from ari_app.errors import AttendantError


class SandboxError(AttendantError):
    """The private PBX could not be fetched, started or asked. The message is one clear line."""
