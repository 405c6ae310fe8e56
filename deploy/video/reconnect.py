"""A live source that comes back: lost, hanging and frozen streams are opened again.

Cameras drop off the network, stop answering in the middle of a call, or repeat one picture for
ever. Reading therefore happens in a thread that can be given up, and the waiting times between
attempts double, with jitter, so that a hundred cameras do not all come back at the same moment
(M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
"""

import logging
import random
from collections.abc import Callable

import numpy as np

from deploy.video.address import redact
from deploy.video.channel import Channel
from deploy.video.clock import REAL_TIME, Clock
from deploy.video.frame import Frame
from deploy.video.source import Source

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
READ_LIMIT_S = 10.0  # more than OpenCV's own limits, which end a call without a thread given up
FROZEN_S = 10.0  # no scene and no encoder gives the very same bytes for that long
STEADY_S = 30.0  # a stream that lasted that long is well again
CLOSE_S = 1.0

log = logging.getLogger(__name__)


class Backoff:
    """How long to wait before the next attempt: twice as long each time, half of it by chance.

    Args:
        chance: Decides the jitter.
    """

    def __init__(self, chance: random.Random):
        self._chance = chance
        self._attempts = 0

    def next_s(self) -> float:
        """Seconds to wait now."""
        longest = min(FIRST_WAIT_S * 2**self._attempts, LONGEST_WAIT_S)
        self._attempts = min(self._attempts + 1, 30)
        return longest * self._chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """All is well: the next wait is a short one."""
        self._attempts = 0


class Reconnecting(Source):
    """Reads a live source in a thread of its own, and opens it anew when it fails.

    Args:
        opened: The source, opened for the first time by the caller, who can still give it up.
        reopen: Opens it again; called in the reading thread.
        clock: What all waiting goes by.
        seed: Decides the jitter; None is different every time.
    """

    def __init__(
        self,
        opened: Source,
        reopen: Callable[[], Source],
        clock: Clock = REAL_TIME,
        seed: int | None = None,
    ):
        super().__init__(opened.name, opened.fps, None, live=True, clock=clock)
        self._reopen = reopen
        self._backoff = Backoff(random.Random(seed))
        self._ending = Channel(1, clock=clock)  # holds nothing: it only wakes who waits
        self._began_at = self._connected_at = self._changed_at = clock.now()
        self._image: np.ndarray | None = None
        self._corrupt_before = 0
        self._given_up: list[_Reader] = []
        self._reader = _Reader(lambda: opened, clock)

    def read(self) -> Frame | None:
        """The next frame, however long it takes to get the stream back; None once stopped."""
        while not self._ending.is_over():
            frame = self._reader.get(READ_LIMIT_S)
            self.corrupt = self._corrupt_before + self._reader.corrupt
            if frame is None:
                if not self._ending.is_over():
                    self._recover("lost", self._reader.problem())
            elif self._is_frozen(frame):
                self._recover("frozen", f"it repeats one picture for {FROZEN_S:.0f} s")
            else:
                return self._pass_on(frame)
        return None

    def stop(self) -> None:
        self._ending.end()
        self._reader.give_up()

    def close(self) -> None:
        """Stops, and waits a moment for the thread; one that hangs in a driver is left behind."""
        self.stop()
        for reader in [self._reader, *self._given_up]:
            if not reader.join(CLOSE_S):
                log.warning("%s: a call to its driver still hangs.", self.name)

    def _pass_on(self, frame: Frame) -> Frame:
        if self.state != "live":
            self.connection += 1
            self._connected_at = frame.grabbed_at
            log.warning("%s is back.", self.name)
        elif frame.grabbed_at - self._connected_at >= STEADY_S:
            self._backoff.reset()
        self.state = "live"
        return self._frame(frame.image, frame.grabbed_at - self._began_at, frame.grabbed_at)

    def _is_frozen(self, frame: Frame) -> bool:
        before, self._image = self._image, frame.image
        if before is None or not _are_equal(before, frame.image):
            self._changed_at = frame.grabbed_at
        return frame.grabbed_at - self._changed_at >= FROZEN_S

    def _recover(self, state: str, problem: str) -> None:
        """Waits and starts a new attempt; the first one of all has to succeed."""
        if self._next_index == 0:
            raise ValueError(f"{self.name} gives no picture: {problem}.")
        self.state = state
        wait_s = self._backoff.next_s()
        log.warning("%s: %s. Next attempt in %.1f s.", self.name, problem, wait_s)
        self._reader.give_up()
        self._corrupt_before = self.corrupt
        self._given_up = [reader for reader in self._given_up if not reader.join(0)]
        self._given_up.append(self._reader)
        self._image = None
        self._ending.sleep(wait_s)
        if not self._ending.is_over():
            self._reader = _Reader(self._reopen, self._clock)
            if self._ending.is_over():  # `stop` came in between and met the old reader
                self._reader.give_up()


class _Reader:
    """Opens a source and reads it in a thread that can be given up while a call hangs.

    Args:
        open_source: Gives the source; called in the thread, which also closes it.
        clock: What all waiting goes by.
    """

    def __init__(self, open_source: Callable[[], Source], clock: Clock):
        self._open_source = open_source
        self._clock = clock
        self._source: Source | None = None
        self._failure: Exception | None = None
        self._frames = Channel(1, clock=clock)
        self._thread = clock.start(self._run, "source")

    @property
    def corrupt(self) -> int:
        return self._source.corrupt if self._source else 0

    def get(self, timeout_s: float) -> Frame | None:
        return self._frames.get(timeout_s)

    def give_up(self) -> None:
        self._frames.abort()

    def join(self, timeout_s: float) -> bool:
        """Waits for the thread's end; False if it still runs."""
        self._clock.join(self._thread, timeout_s)
        return not self._thread.is_alive()

    def problem(self) -> str:
        """Why no frame came, in words without a password."""
        if self._failure is not None:
            return redact(str(self._failure)).rstrip(".")
        return "it ended" if self._frames.is_over() else f"no answer for {READ_LIMIT_S:.0f} s"

    def _run(self) -> None:
        try:
            self._source = self._open_source()
            while self._frames.wait_for_room() and (frame := self._source.read()) is not None:
                self._frames.put(frame)
        except Exception as error:
            self._failure = error
        finally:
            self._frames.end()
            if self._source is not None:
                self._source.close()


def _are_equal(first: np.ndarray, second: np.ndarray) -> bool:
    # A few pixels tell nearly all pairs apart, so that only equal ones cost a whole comparison.
    return (
        first.shape == second.shape
        and np.array_equal(first[::16, ::16], second[::16, ::16])
        and np.array_equal(first, second)
    )
