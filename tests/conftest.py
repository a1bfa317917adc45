"""What holds for every test."""

import signal
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_is_set_up_for_one_test_only() -> Iterator[None]:
    """`attendant serve` logs to the standard error of its test, which is closed afterwards."""
    yield
    structlog.reset_defaults()


# A shell that starts us in the background makes us, and all that we start, deaf to Ctrl-C: tests
# of what Ctrl-C does could not pass then.
signal.signal(signal.SIGINT, signal.default_int_handler)
