"""Keeps the log lines of C++ libraries out of the terminal.

They write to file descriptor 2 behind Python's back, so only the descriptor itself can be
turned aside.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Drops what anyone writes to descriptor 2 inside the `with` block.

    The descriptor belongs to the whole process: blocks of several threads may overlap, and it
    speaks again when the last one ends.
    """
    _redirection.enter()
    try:
        yield
    finally:
        _redirection.leave()


class _Redirection:
    """Where descriptor 2 leads, counted, so that blocks may end in any order."""

    def __init__(self):
        self._lock = threading.Lock()
        self._blocks = 0
        self._terminal = -1  # a copy of what descriptor 2 was before the first block

    def enter(self):
        with self._lock:
            self._blocks += 1
            if self._blocks == 1:
                sys.stderr.flush()
                self._terminal = os.dup(2)
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 2)
                os.close(nowhere)

    def leave(self):
        with self._lock:
            self._blocks -= 1
            if self._blocks == 0:
                sys.stderr.flush()
                os.dup2(self._terminal, 2)
                os.close(self._terminal)


_redirection = _Redirection()
