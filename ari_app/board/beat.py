"""The beat: a thread that wakes every 4 ms. It knows no media."""

import threading
import time
from collections.abc import Callable

SECONDS = 0.004
LANES = 5
"Beats in 20 ms. Rows are spread over the lanes, so that not all send at once."

Work = Callable[[range, float], None]
"Beats to do, the newest last, at most one per lane; and what time beat 0 was."


class Beat:
    """Calls `work` at absolute deadlines (monotonic seconds) until it is stopped.

    After a stall, the lanes that were missed are done at once, each one once. When `work` raises,
    the thread ends after `ended` was called.
    """

    def __init__(self, work: Work, ended: Callable[[], None]) -> None:
        self._work = work
        self._ended = ended
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="attendant-beat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it does so within a beat."""
        self._stopping.set()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        start = time.monotonic()
        following = 0
        try:
            while not self._stopping.is_set():
                time.sleep(max(0.0, start + following * SECONDS - time.monotonic()))
                reached = max(following, int((time.monotonic() - start) / SECONDS))
                self._work(range(max(following, reached - LANES + 1), reached + 1), start)
                following = reached + 1
        finally:
            self._ended()
