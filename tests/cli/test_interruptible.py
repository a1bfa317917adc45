"""Work that is told to stop clears up first."""

import asyncio
import os
import signal

import pytest

from ari_app.cli.interruptible import run


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_told_to_stop_clears_up_first(number: signal.Signals) -> None:
    cleared = []

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.01, os.kill, os.getpid(), number)
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(0.01)
            cleared.append(True)

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert cleared


def test_whoever_is_not_stopped_has_his_result_and_his_errors() -> None:
    async def work() -> int:
        return 7

    async def broken() -> None:
        raise ZeroDivisionError

    assert run(work()) == 7
    with pytest.raises(ZeroDivisionError):
        run(broken())
