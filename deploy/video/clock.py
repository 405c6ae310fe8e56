"""The time of the live loop, and everything in it that waits.

All stages read the clock, sleep and wait for each other through one object. Tests hand in a clock
whose time passes only while everybody waits: hours of a bad day then take a second, and the
outcome does not depend on how busy the machine is.
"""

import threading
import time
from collections.abc import Callable


class Clock:
    """The real time; every wait of the loop goes through here."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.perf_counter()

    def condition(self) -> threading.Condition:
        """Something to wait on with `wait_for`."""
        # Reentrant, because a signal handler may end a channel while its thread is in there.
        return threading.Condition(threading.RLock())

    def wait_for(
        self,
        condition: threading.Condition,
        predicate: Callable[[], bool],
        timeout_s: float | None = None,
    ) -> bool:
        """Waits, with `condition` held, until `predicate` holds or the time is over.

        Returns:
            What `predicate` says at last.
        """
        return condition.wait_for(predicate, timeout_s)

    def start(self, work: Callable[[], None], name: str) -> threading.Thread:
        """Starts a thread that does not keep the program from ending."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def join(self, thread: threading.Thread, timeout_s: float) -> None:
        """Waits until a thread has ended, at most so long."""
        thread.join(timeout_s)


REAL_TIME = Clock()
