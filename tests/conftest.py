"""What holds for every test."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_is_set_up_for_one_test_only() -> Iterator[None]:
    """`attendant serve` logs to the standard error of its test, which is closed afterwards."""
    yield
    structlog.reset_defaults()
