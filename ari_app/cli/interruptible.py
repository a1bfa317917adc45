"""Work that clears up after itself, however it is told to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, in the main thread; SIGTERM cancels the work as Ctrl-C does.

    Raises KeyboardInterrupt, after the work has cleared up.
    """

    async def interruptible() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(interruptible())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
