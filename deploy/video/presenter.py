"""The stage that people see: refines, draws and shows, and shows again while nothing new comes."""

import numpy as np

from deploy.video.canvases import Canvases
from deploy.video.clock import Clock
from deploy.video.frame import Frame
from deploy.video.overlay import Overlay, class_shares
from deploy.video.refinement import Refinement
from deploy.video.sink import Display
from deploy.video.stats import LoopStatistics
from deploy.video.status import Status


class Presenter:
    """Makes pictures of frames.

    Args:
        overlay: Draws them.
        refine: Improves the classes before, or None.
        num_classes: Of the model.
        statistics: Learns what was shown when.
        clock: What is timed by.

    Attributes:
        displays: Show the pictures, in the thread that calls.
        canvases: The memory of the pictures; who is done with one gives it back.
    """

    def __init__(
        self,
        overlay: Overlay,
        refine: Refinement | None,
        num_classes: int,
        statistics: LoopStatistics,
        clock: Clock,
    ):
        self.displays: list[Display] = []
        self.canvases = Canvases()
        self._overlay, self._refine, self._num_classes = overlay, refine, num_classes
        self._statistics, self._clock = statistics, clock
        self._last: Frame | None = None

    def present(self, frame: Frame, status: Status) -> np.ndarray:
        """Draws a frame and shows it.

        Returns:
            The picture, uint8 (H, W, 3), from `canvases`.
        """
        self._complete(frame)
        begun = self._clock.now()
        if frame.classes is not None:
            frame.shares = class_shares(frame.classes, self._num_classes)
        picture = self._draw(frame, status)
        frame.stage_ms["draw"] = (self._clock.now() - begun) * 1e3
        self._show(picture, frame, status)
        shown_at = self._clock.now()
        frame.age_ms = (shown_at - frame.grabbed_at) * 1e3
        self._statistics.add(frame, shown_at)
        self._last = frame
        return picture

    def present_again(self, status: Status) -> None:
        """Shows the last frame once more, as people want it now."""
        if self.displays and self._last is not None:
            picture = self._draw(self._last, status)
            self._show(picture, self._last, status)
            self.canvases.give(picture)

    def age_s(self) -> float:
        """Seconds since the frame that is shown was grabbed; 0 without one."""
        return self._clock.now() - self._last.grabbed_at if self._last else 0.0

    def _complete(self, frame: Frame) -> None:
        """Gives the frame its final classes: refined ones, or after a failure the last good."""
        if frame.error is None:
            if self._refine is not None:
                begun = self._clock.now()
                frame.classes = self._refine(frame)
                frame.stage_ms["refine"] = (self._clock.now() - begun) * 1e3
            frame.logits = None  # large, and of no more use
        elif self._last is not None and self._last.image.shape == frame.image.shape:
            frame.classes = self._last.classes

    def _draw(self, frame: Frame, status: Status) -> np.ndarray:
        return self._overlay.draw(frame, status, self.canvases.take(frame.image.shape))

    def _show(self, picture: np.ndarray, frame: Frame, status: Status) -> None:
        for display in self.displays:
            display.show(picture, frame, status)
