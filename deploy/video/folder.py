"""Frames from a folder of images, in the order of their names."""

import logging
from pathlib import Path

import cv2

from deploy.video.clock import REAL_TIME, Clock
from deploy.video.frame import Frame
from deploy.video.source import Source

FPS = 10.0  # nothing in a folder tells how fast it is meant to be seen
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")

log = logging.getLogger(__name__)


class ImageFolder(Source):
    """Frames from the images of a folder, turned upright where a file says how it was held.

    Images may differ in size; one that cannot be decoded is named, counted and left out.

    Args:
        path: The folder.
        fps: The pace at which they are meant to be seen, above 0.
        clock: What frames are stamped by.

    Raises:
        ValueError: If it holds no images, or the pace is none.
    """

    def __init__(self, path: str | Path, fps: float = FPS, clock: Clock = REAL_TIME):
        if fps <= 0:
            raise ValueError(f"The frame rate has to be above 0, got {fps:g}.")
        paths = sorted(file for file in Path(path).iterdir() if file.suffix.lower() in SUFFIXES)
        if not paths:
            raise ValueError(f"The folder {path} holds no images ({', '.join(SUFFIXES)}).")
        super().__init__(str(path), fps, len(paths), live=False, clock=clock)
        self._paths = iter(paths)

    def read(self) -> Frame | None:
        """The next image that can be decoded."""
        for path in self._paths:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            grabbed_at = self._clock.now()
            if image is not None:
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
                source_time_s = (self._next_index + self.corrupt) / self.fps
                return self._frame(image, source_time_s, grabbed_at)
            self.corrupt += 1
            log.warning("%s cannot be decoded as an image and is left out.", path)
        if self._next_index == 0:
            raise ValueError(
                f"None of the {self.frame_count} images in {self.name} can be decoded. "
                f"Replace them or give another folder."
            )
        return None
