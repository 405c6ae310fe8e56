"""What the loop asks of everything that shows or keeps pictures.

A picture is RGB, uint8 (H, W, 3), and only lent for the call: the memory is used again. Whoever
opens a sink or a display closes it, after the loop.
"""

from typing import Protocol

import numpy as np

from deploy.video.frame import Frame
from deploy.video.status import Status


class Sink(Protocol):
    """Keeps pictures: gets every frame once and in order, in the loop's writing thread.

    One that raises is left out from then on; the loop goes on without it.
    """

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Takes a picture and the frame that it was drawn from."""

    def close(self) -> None:
        """Finishes what was written."""


class Display(Protocol):
    """Shows pictures to people, in the thread that runs the loop.

    While nothing new comes it gets the last picture again, several times a second, so that what
    people press takes effect and they see how old the picture is.
    """

    def show(self, picture: np.ndarray, frame: Frame, status: Status) -> None:
        """Shows a picture; quickly, because the next one waits."""

    def close(self) -> None:
        """Takes it off the screen."""
