"""The last stage of the loop: hands every picture to the files, whatever becomes of one of them."""

import logging
from collections.abc import Callable

import numpy as np

from deploy.video.canvases import Canvases
from deploy.video.channel import Channel
from deploy.video.clock import Clock
from deploy.video.frame import Frame
from deploy.video.sink import Sink
from deploy.video.stats import LoopStatistics

log = logging.getLogger(__name__)


class Writer:
    """Takes pictures from a channel and gives them to sinks, then their frames to observers.

    Args:
        pictures: Pairs of picture and frame.
        canvases: Gets the pictures back.
        statistics: Learns how long writing takes.
        clock: What is timed by.

    Attributes:
        sinks: Get each picture, in this order; one that fails is taken out.
        observers: Are called with each frame after its last sink.
        failures: What the ones that were taken out said.
    """

    def __init__(
        self, pictures: Channel, canvases: Canvases, statistics: LoopStatistics, clock: Clock
    ):
        self.sinks: list[Sink] = []
        self.observers: list[Callable[[Frame], None]] = []
        self.failures: list[str] = []
        self._pictures, self._canvases = pictures, canvases
        self._statistics, self._clock = statistics, clock

    def run(self) -> None:
        """Writes until the channel is over."""
        while (taken := self._pictures.get()) is not None:
            picture, frame = taken
            self._write(picture, frame)
            self._canvases.give(picture)

    def _write(self, picture: np.ndarray, frame: Frame) -> None:
        begun = self._clock.now()
        frame.stage_ms["write"] = 0.0
        for sink in list(self.sinks):
            try:
                sink.write(picture, frame)
            except Exception as error:
                self._leave_out(sink, error)
            frame.stage_ms["write"] = (self._clock.now() - begun) * 1e3
        self._statistics.add_written(frame)
        for observe in self.observers:
            observe(frame)

    def _leave_out(self, failed: Sink, error: Exception) -> None:
        self.sinks.remove(failed)
        # A full disk is told by its path; anything else by what it is.
        told = str(error) if isinstance(error, OSError | RuntimeError) else repr(error)
        self.failures.append(told)
        log.error("Going on without %s: %s", type(failed).__name__, told)
