"""The private PBX of tests/e2e."""

from tests.e2e.conftest import installed_pbx, make_pbx

__all__ = ["installed_pbx", "make_pbx"]
