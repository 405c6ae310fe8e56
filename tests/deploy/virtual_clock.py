"""A clock whose time passes only while everybody waits, for tests of the live loop.

Threads that were started by it take turns: one runs until it waits, then the first one runs whose
wait is over. When none is, time jumps to the next deadline. A run is therefore the same every
time, however busy the machine is, and an hour takes as long as its events do.
"""

import math
import threading

from deploy.video.clock import Clock


class VirtualClock(Clock):
    """Made by the thread that has the first turn."""

    def __init__(self):
        self._lock = threading.RLock()
        self._now = 0.0
        self._turns = []  # those who wait, in the order in which they came
        self._ended = set()

    def now(self):
        return self._now

    def condition(self):
        return threading.Condition(self._lock)

    def wait_for(self, condition, predicate, timeout_s=None):
        if not predicate() and timeout_s != 0:
            turn = self._queue(predicate, math.inf if timeout_s is None else timeout_s)
            self._hand_over()
            turn.wait()
        return predicate()

    def sleep(self, seconds):
        with self._lock:
            self.wait_for(None, lambda: False, seconds)

    def start(self, work, name):
        def run():
            with self._lock:
                turn.wait()
            try:
                work()
            finally:
                with self._lock:
                    self._ended.add(thread)
                    self._hand_over()

        with self._lock:
            turn = self._queue(lambda: True, math.inf)
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def join(self, thread, timeout_s):
        with self._lock:
            ended = self.wait_for(None, lambda: thread in self._ended, timeout_s)
        if ended:
            thread.join()

    def _queue(self, predicate, timeout_s):
        self._turns.append(_Turn(self._lock, predicate, self._now + timeout_s))
        return self._turns[-1]

    def _hand_over(self):
        if not self._turns:
            return
        ready = (turn for turn in self._turns if turn.deadline <= self._now or turn.predicate())
        turn = next(ready, None) or min(self._turns, key=lambda turn: turn.deadline)
        assert turn.deadline < math.inf or turn.predicate(), "everybody waits for ever"
        self._turns.remove(turn)
        if not turn.predicate():
            self._now = max(self._now, turn.deadline)
        turn.grant()


class _Turn:
    """The wait of one thread."""

    def __init__(self, lock, predicate, deadline):
        self.predicate, self.deadline = predicate, deadline
        self._granted = False
        self._condition = threading.Condition(lock)

    def grant(self):
        self._granted = True
        self._condition.notify()

    def wait(self):
        while not self._granted:
            # The time limit is a real one: a test that hangs should fail.
            assert self._condition.wait(60) or self._granted, "nobody hands over"
