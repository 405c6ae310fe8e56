"""Steadier classes over time: each pixel keeps its class while that holds the majority of votes.

A model decides every frame anew, so that doubtful pixels flicker. Here each frame is a vote, and
older votes count exponentially less. Only two numbers are kept per pixel, the class in office and
its part of the votes, which costs the same for 2 classes and for 150; with two classes it is the
exponential average of the votes. The past is first moved along with the picture, and where the
picture nevertheless changed, it has no vote.
"""

import cv2
import numpy as np

from deploy.runtimes.base import fit_classes
from deploy.video.frame import Frame
from deploy.video.motion import Displacement, Motion, kinship

VOTE = 0.25  # part of all votes that the newest frame has: three frames overrule any past
CHANGED = 8  # gray levels of the small picture from which a pixel shows something else
WHOLE, MAJORITY = 255, 128  # votes are counted in 255ths


class Smoother:
    """Smooths the classes of consecutive frames; a `Refinement` of the live loop.

    Args:
        motion: Tells what moved from one frame to the next.
        vote: Part of all votes that the newest frame has, above 0 and up to 1. From 0.5 on,
            one frame overrules the past and nothing is smoothed.
        engine_size: Height and width in which the engine decides. Classes of a larger frame are
            its classes enlarged, and hold no more than they do: votes are counted in that size,
            which costs a fraction. None for the size of the frame.
    """

    uses_logits = False

    def __init__(
        self, motion: Motion, vote: float = VOTE, engine_size: tuple[int, int] | None = None
    ):
        if not 0 < vote <= 1:
            raise ValueError(f"A vote is a part of all votes, above 0 and up to 1; got {vote}.")
        before = np.arange(WHOLE + 1)
        self._after_loss = np.round((1 - vote) * before).astype("uint8")
        self._after_win = np.round((1 - vote) * before + vote * WHOLE).astype("uint8")
        self._motion, self._engine_size = motion, engine_size
        self._key = None
        self._office = self._votes = np.empty((0, 0), "uint8")

    def __call__(self, frame: Frame) -> np.ndarray:
        """The classes in office after this frame, uint8 (H, W)."""
        size = frame.classes.shape
        classes = fit_classes(frame.classes, tuple(map(min, self._engine_size or size, size)))
        displacement = self._motion(frame)
        if displacement is None or kinship(frame) != self._key:
            self._office, self._votes = classes, np.full_like(classes, WHOLE)
        else:
            self._recall(displacement, classes)
            self._count(classes)
        self._key = kinship(frame)
        return fit_classes(self._office, size)

    def _recall(self, displacement: Displacement, classes: np.ndarray) -> None:
        """Brings the past to where it is now, and forgets it where something else is there."""
        size = classes.shape
        if displacement.flow.any():
            # Both numbers move as one of 16 bits, which takes half as long.
            past = cv2.merge((self._office, self._votes)).view("uint16")
            origins = displacement.origins(size)
            past = cv2.remap(
                past, origins, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
            )
            self._office, self._votes = cv2.split(past.reshape(*size, 1).view("uint8"))
        else:
            self._office = self._office.copy()  # the one before has been handed out
        _, changed = cv2.threshold(displacement.residual, CHANGED, WHOLE, cv2.THRESH_BINARY)
        changed = cv2.resize(changed, size[::-1], interpolation=cv2.INTER_NEAREST)
        cv2.copyTo(classes, changed, self._office)
        cv2.max(self._votes, changed, dst=self._votes)

    def _count(self, classes: np.ndarray) -> None:
        """Adds the votes of a frame; who has lost the majority leaves office to the newest."""
        won = cv2.compare(self._office, classes, cv2.CMP_EQ)
        votes = cv2.LUT(self._votes, self._after_loss)
        cv2.copyTo(cv2.LUT(self._votes, self._after_win), won, votes)
        _, lost = cv2.threshold(votes, MAJORITY - 1, WHOLE, cv2.THRESH_BINARY_INV)
        cv2.copyTo(classes, lost, self._office)
        cv2.copyTo(cv2.bitwise_not(votes), lost, votes)
        self._votes = votes
