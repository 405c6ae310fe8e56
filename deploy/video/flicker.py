"""How much classes flicker, measured on any video without a label.

Where the optical flow says that nothing moved, the class should stay; the part of those pixels
whose class nevertheless changed is flicker. Before and after a smoother it says what that is
worth; the price is seen only with labels (`benchmarks/smoother.py`).
"""

import cv2
import numpy as np

from deploy.video.frame import Frame
from deploy.video.motion import Displacement, Motion, kinship
from deploy.video.smoother import Smoother

STILL_PIXELS = 1.0  # of the frame: what moved less did not move


class FlickerMeter:
    """Counts flicker while frames pass; a `Refinement` of the live loop.

    Args:
        smoother: Gives the classes to show, or None to show what the engine said.
        motion: Follows the picture; the smoother may use the same.
    """

    uses_logits = False

    def __init__(self, smoother: Smoother | None, motion: Motion):
        self._smoother, self._motion = smoother, motion
        self._key = None
        self._before: tuple[np.ndarray, np.ndarray] | None = None  # engine's and shown
        self._pixels = self._still = 0
        self._changed = [0, 0]

    def __call__(self, frame: Frame) -> np.ndarray:
        """The classes to show, uint8 (H, W)."""
        shown = frame.classes if self._smoother is None else self._smoother(frame)
        displacement = self._motion(frame)
        if displacement is not None and kinship(frame) == self._key:
            self._count(displacement, (frame.classes, shown))
        self._key, self._before = kinship(frame), (frame.classes, shown)
        return shown

    def report(self) -> dict[str, float]:
        """Parts between 0 and 1, over all frames so far.

        Returns:
            `still`: part of the pixels that did not move. `engine` and `shown`: part of those
            whose class changed, as the engine said it and as it was shown.
        """
        engine, shown = (changed / max(self._still, 1) for changed in self._changed)
        still = self._still / max(self._pixels, 1)
        return {"still": round(still, 4), "engine": round(engine, 6), "shown": round(shown, 6)}

    def _count(self, displacement: Displacement, now: tuple[np.ndarray, np.ndarray]) -> None:
        still = np.uint8(displacement.moved_pixels() < STILL_PIXELS)
        still = cv2.resize(still, now[0].shape[::-1], interpolation=cv2.INTER_NEAREST)
        self._pixels += still.size
        self._still += cv2.countNonZero(still)
        for index, (before, after) in enumerate(zip(self._before, now, strict=True)):
            changed = cv2.compare(before, after, cv2.CMP_NE)
            self._changed[index] += cv2.countNonZero(cv2.bitwise_and(changed, still))
