"""An optional step between the engine and the picture, such as smoothing over time."""

from typing import Protocol

import numpy as np

from deploy.video.flicker import FlickerMeter
from deploy.video.frame import Frame
from deploy.video.motion import Motion
from deploy.video.smoother import Smoother

SMOOTHERS = ("none", "votes", "flow")


class Refinement(Protocol):
    """Turns what the engine said of a frame into better classes.

    Frames come in order, those left out on which the engine failed. Another `connection` or
    another size of the image means that the past is of no use.

    Attributes:
        uses_logits: Whether it decides from `frame.logits`, which the model then has to give;
            otherwise `frame.classes` holds what the engine said.
    """

    uses_logits: bool

    def __call__(self, frame: Frame) -> np.ndarray:
        """Classes, uint8 (H, W), in the size of the frame's image."""


def open_refinement(
    smooth: str, flicker: bool, engine_size: tuple[int, int] | None = None
) -> Smoother | FlickerMeter | None:
    """What a user asks for between the engine and the picture.

    Args:
        smooth: `votes` compares pixels in place, `flow` first moves the past along with the
            picture, `none` leaves the classes as they are.
        flicker: Whether to measure flicker, before and after smoothing.
        engine_size: Height and width in which the engine decides, see `Smoother`.
    """
    if smooth not in SMOOTHERS:
        raise ValueError(f"Unknown smoother {smooth!r}. Choose one of: {', '.join(SMOOTHERS)}.")
    motion = Motion(follow=flicker or smooth == "flow")
    smoother = None
    if smooth != "none":
        followed = motion if smooth == "flow" else Motion(follow=False)
        smoother = Smoother(followed, engine_size=engine_size)
    return FlickerMeter(smoother, motion) if flicker else smoother
