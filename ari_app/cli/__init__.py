"""The command `attendant`."""

from ari_app.cli.main import main

__all__ = ["main"]
