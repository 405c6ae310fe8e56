"""Ctrl-C and SIGTERM end a live loop as its own end would."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence


@contextlib.contextmanager
def stopped_by_signals(
    stop: Callable[[], None], signals: Sequence[int] = (signal.SIGINT, signal.SIGTERM)
) -> Iterator[None]:
    """Lets signals end a loop cleanly; a second one interrupts it at once.

    To be used in the main thread, around the loop and the closing of what it wrote.

    Args:
        stop: Asks the loop to end; safe in a signal handler.
        signals: Which signals to answer.
    """
    asked = []

    def handle(number, stack):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        stop()

    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
