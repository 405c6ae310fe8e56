"""Where frames come from: what every source offers, and frames from anything that yields images.

A source is read by one thread, and every frame carries the moment at which it was grabbed,
because latency and pace can only be told from there.
"""

from collections.abc import Iterable

import numpy as np

from deploy.video.clock import REAL_TIME, Clock
from deploy.video.frame import Frame

FALLBACK_FPS = 25.0  # for a file that says nothing about its pace
USAGE = "Give a video file, a folder of images, a camera number such as 0, or rtsp://... ."


class Source:
    """What every source offers; `read` is called by one thread only.

    Args:
        name: For messages and reports; holds no password.
        fps: Frames per second as the source announces them, or None if it does not.
        frame_count: Frames it will give as far as it knows, or None (cameras).
        live: Whether frames are lost if nobody takes them (a camera) or wait for us (a file).
        clock: What frames are stamped by.

    Attributes:
        state: `live`; `lost` or `frozen` while a source tries to get its stream back.
        connection: How often it has been opened anew.
        corrupt: How many of its frames could not be decoded.
    """

    def __init__(
        self,
        name: str,
        fps: float | None,
        frame_count: int | None,
        live: bool,
        clock: Clock = REAL_TIME,
    ):
        self.name = name
        self.fps = fps
        self.frame_count = frame_count
        self.live = live
        self.state = "live"
        self.connection = 0
        self.corrupt = 0
        self._clock = clock
        self._next_index = 0

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            ValueError: If there is not even a first frame.
            RuntimeError: If a source that has no end stopped.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """Lets a `read` that waits for better times return None. For any thread."""

    def close(self) -> None:
        """Releases the device or file."""

    def _frame(self, image: np.ndarray, source_time_s: float, grabbed_at: float) -> Frame:
        self._next_index += 1
        return Frame(self._next_index - 1, image, source_time_s, grabbed_at, self.connection)


class Images(Source):
    """Frames from anything that yields images: a drawing, another program.

    Args:
        images: Yields RGB images, uint8 (H, W, 3).
        name: For messages and reports.
        fps: The pace at which they are meant to be seen.
        frame_count: How many there will be, or None if that is open.
        clock: What frames are stamped by.
    """

    def __init__(
        self,
        images: Iterable[np.ndarray],
        name: str = "images",
        fps: float = 25.0,
        frame_count: int | None = None,
        clock: Clock = REAL_TIME,
    ):
        super().__init__(name, fps, frame_count, live=False, clock=clock)
        self._images = iter(images)

    def read(self) -> Frame | None:
        """The next image as a frame; its time follows from its number and the pace."""
        image = next(self._images, None)
        grabbed_at = self._clock.now()
        if image is None:
            if self._next_index == 0:
                raise ValueError(f"{self.name} gave no image. {USAGE}")
            return None
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(
                f"{self.name} gave an image of shape {image.shape} and type {image.dtype}; "
                f"frames are RGB, uint8 (H, W, 3)."
            )
        return self._frame(image, self._next_index / self.fps, grabbed_at)
