"""Fixtures of the tests with a real Asterisk. `pbx` is what most of them want."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ari_app.pbx.installation import install
from ari_app.pbx.sandbox import Sandbox
from tests.support.pbx import PREFIX, running_pbx


@pytest.fixture(scope="session")
def installed_pbx() -> Path:
    """The prefix in which Asterisk, flite and sipp are; unpacked the first time (10 s)."""
    install(PREFIX, packages=["sip-tester"])
    return PREFIX


@pytest.fixture(scope="session")
def pbx(installed_pbx: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One running Asterisk for the whole session: leave it as you found it.

    pbx.sip_address, pbx.ari_url, pbx.ari_user, pbx.ari_password_file, pbx.voicemail_dir, pbx.log,
    pbx.secret_file("alice"), pbx.cli("core show channels"); ports for phones: phone_ports(pbx).
    """
    with running_pbx(tmp_path_factory.mktemp("pbx")) as sandbox:
        yield sandbox


@pytest.fixture
def make_pbx(
    installed_pbx: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Sandbox]]:
    """Further Asterisks (0.3 s each) for tests that break or configure one: make_pbx(workers=2).

    Keyword arguments are fields of SandboxSettings. All are stopped after the test.
    """
    with ExitStack() as stack:

        def make(**settings: Any) -> Sandbox:
            return stack.enter_context(running_pbx(tmp_path_factory.mktemp("pbx"), **settings))

        yield make
