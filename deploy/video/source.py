"""Where frames come from: a file, a camera, a folder of images, or anything that yields images.

A source is read by one thread, and every frame carries the moment at which it was grabbed,
because latency and pace can only be told from there.
"""

import logging
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from deploy.runtimes.native_log import silenced
from deploy.video.frame import Frame

FALLBACK_FPS = 25.0  # for a file that says nothing about its pace
FOLDER_FPS = 10.0  # nor does a folder of images
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
USAGE = "Give a video file, a folder of images, or a camera number such as 0."

log = logging.getLogger(__name__)


class Source:
    """What every source offers; `read` is called by one thread only.

    Args:
        name: For messages and reports.
        fps: Frames per second as the source announces them, or None if it does not.
        frame_count: Frames it will give as far as it knows, or None (cameras).
        live: Whether frames are lost if nobody takes them (a camera) or wait for us (a file).
    """

    def __init__(self, name: str, fps: float | None, frame_count: int | None, live: bool):
        self.name = name
        self.fps = fps
        self.frame_count = frame_count
        self.live = live
        self._next_index = 0

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            ValueError: If there is not even a first frame.
            RuntimeError: If a source that has no end stopped.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Releases the device or file."""

    def _frame(self, image: np.ndarray, source_time_s: float, grabbed_at: float) -> Frame:
        self._next_index += 1
        return Frame(self._next_index - 1, image, source_time_s, grabbed_at)


class Images(Source):
    """Frames from anything that yields images: a folder, a drawing, another program.

    Args:
        images: Yields RGB images, uint8 (H, W, 3).
        name: For messages and reports.
        fps: The pace at which they are meant to be seen.
        frame_count: How many there will be, or None if that is open.
    """

    def __init__(
        self,
        images: Iterable[np.ndarray],
        name: str = "images",
        fps: float = 25.0,
        frame_count: int | None = None,
    ):
        super().__init__(name, fps, frame_count, live=False)
        self._images = iter(images)

    def read(self) -> Frame | None:
        """The next image as a frame; its time follows from its number and the pace."""
        image = next(self._images, None)
        grabbed_at = time.monotonic()
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


class _Capture(Source):
    """What files and cameras share: OpenCV's capture, with frames turned to RGB."""

    def __init__(self, capture: cv2.VideoCapture, name: str, live: bool):
        announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = capture.get(cv2.CAP_PROP_FPS)
        super().__init__(
            name,
            fps=fps if 0 < fps < 1000 else None,  # containers without a rate say 0 or 90000
            frame_count=announced if announced > 0 and not live else None,
            live=live,
        )
        self._capture = capture

    def read(self) -> Frame | None:
        grabbed = self._capture.grab()
        grabbed_at = time.monotonic()
        # A new array for every frame: the one before may still be with a later stage.
        decoded, image = self._capture.retrieve() if grabbed else (False, None)
        if not decoded:
            return self._ended()
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
        return self._frame(image, self._source_time_s(grabbed_at), grabbed_at)

    def close(self) -> None:
        self._capture.release()

    def _source_time_s(self, grabbed_at: float) -> float:
        raise NotImplementedError

    def _ended(self) -> None:
        raise NotImplementedError


class VideoFile(_Capture):
    """Frames of a video file, turned upright if the file says how it was held.

    Args:
        path: Anything that OpenCV's FFmpeg decodes.
    """

    def __init__(self, path: str | Path):
        path = Path(path)
        if not path.is_file():
            raise ValueError(f"There is no video file {path}. {USAGE}")
        self._broken = (
            f"{path} ({path.stat().st_size} bytes) cannot be decoded as a video. "
            f"Convert it, for example with: ffmpeg -i {path.name} -c:v libx264 converted.mp4"
        )
        capture = _open_capture(str(path))
        if not capture.isOpened():
            raise ValueError(self._broken)
        super().__init__(capture, str(path), live=False)

    def _source_time_s(self, grabbed_at: float) -> float:
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Some containers carry no time stamps; then the rate is all there is.
        return stamp_s if stamp_s > 0 else self._next_index / (self.fps or FALLBACK_FPS)

    def _ended(self) -> None:
        if self._next_index == 0:
            raise ValueError(self._broken)
        if self.frame_count and self._next_index < self.frame_count:
            log.warning(
                "%s ended after %d of %d announced frames; it may be cut off.",
                self.name,
                self._next_index,
                self.frame_count,
            )


class Camera(_Capture):
    """Frames of a camera on this machine.

    Args:
        number: The camera's number, 0 for the first.
    """

    def __init__(self, number: int):
        capture = _open_capture(number)
        if not capture.isOpened():
            found = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*")))
            raise ValueError(
                f"Camera {number} is not there or in use by another program "
                f"(devices: {found or 'none found'}). Plug it in, close the other program, or "
                f"give another number or a video file."
            )
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the driver's queue would only add latency
        super().__init__(capture, f"camera {number}", live=True)
        self._opened_at = time.monotonic()

    def _source_time_s(self, grabbed_at: float) -> float:
        return grabbed_at - self._opened_at

    def _ended(self) -> None:
        if self._next_index == 0:
            raise ValueError(
                f"{self.name} opens but gives no frame; another program may hold it. Close that "
                f"program or give another camera number."
            )
        raise RuntimeError(f"{self.name} stopped giving frames after {self._next_index}.")


def open_source(text: str) -> Source:
    """Opens what a user named: a camera number, a video file or a folder of images.

    Args:
        text: "0", "drive.mp4", "frames/".

    Raises:
        ValueError: If it is not there or cannot be read; the message says what to do.
    """
    if text.isdecimal():
        return Camera(int(text))
    if "://" in text:  # not echoed: it may hold a password
        raise ValueError(f"A stream address cannot be read yet. {USAGE}")
    if not Path(text).is_dir():
        return VideoFile(text)
    paths = sorted(path for path in Path(text).iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise ValueError(f"The folder {text} holds no images ({', '.join(IMAGE_SUFFIXES)}).")
    return Images(_read_images(paths), text, FOLDER_FPS, len(paths))


def _read_images(paths: list[Path]) -> Iterator[np.ndarray]:
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{path} cannot be decoded as an image. Replace or remove it.")
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)


def _open_capture(target: int | str) -> cv2.VideoCapture:
    # FFmpeg also comments on single damaged frames; it reads this once, when first used.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with silenced():
        return cv2.VideoCapture(target)
