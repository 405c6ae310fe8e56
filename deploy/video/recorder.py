"""Records pictures as an MP4 that plays, whatever ends the recording.

The file is written beside its final name, given its true pace, checked, and then renamed.
"""

import errno
import os
import shutil
from pathlib import Path

import cv2
import numpy as np

from deploy.runtimes.native_log import silenced
from deploy.video.encoder import open_encoder
from deploy.video.frame import Frame
from deploy.video.mp4 import scale_speed

ASSUMED_FPS = 25.0  # until the true rate of a live source is known
CHECKED_EVERY = 25  # frames
RESERVE_BYTES = 32 * 2**20  # for what is still under way, and the index at the end


class Recorder:
    """A sink that records what is shown.

    Args:
        path: The MP4 to make. Nothing is made if no picture comes.
        fps: Pace of the recording, or None to measure it: the file then lasts as long as the
            recording did.
    """

    def __init__(self, path: str | Path, fps: float | None = None):
        self.path = Path(path)
        if self.path.suffix.lower() != ".mp4":
            raise ValueError(f"Recordings are MP4 files: give a name ending in .mp4, not {path}.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # The encoder chooses the container by the suffix, so it stays at the end.
        self._partial = self.path.with_name(f"{self.path.stem}.partial.mp4")
        self._partial.touch()  # an unwritable folder shows before the first frame
        self._fps = fps
        self._encoder = None
        self._frames = 0
        self._steps, self._steps_s = 0, 0.0  # from frame to frame while the stream was there
        self._last: tuple[float, int] | None = None  # grabbed_at and connection

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Appends a picture, RGB, uint8 (H, W, 3); another size is fitted into the first one.

        Raises:
            OSError: If the disk is nearly full; there is still room to finish the file.
        """
        if self._frames % CHECKED_EVERY == 0 and self._free_bytes() < RESERVE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        if self._encoder is None:
            size = tuple(extent + extent % 2 for extent in picture.shape[:2])  # H.264 wants even
            self._encoder = open_encoder(self._partial, size, self._fps or ASSUMED_FPS)
        self._encoder.write(fit(picture, self._encoder.size))
        self._frames += 1
        if self._last is not None and self._last[1] == frame.connection:
            self._steps += 1
            self._steps_s += frame.grabbed_at - self._last[0]
        self._last = frame.grabbed_at, frame.connection

    def close(self) -> None:
        """Finishes the file and gives it its name.

        Raises:
            RuntimeError: If the file does not hold all pictures (a full disk, for one). It keeps
                its `.partial.mp4` name then.
        """
        if self._encoder is None:
            self._partial.unlink(missing_ok=True)
            return
        self._encoder.close()
        measured = self.measured_fps()
        if self._fps is None and measured > 0:
            scale_speed(self._partial, measured / ASSUMED_FPS)
        found = _count_frames(self._partial)
        if found != self._frames:
            raise RuntimeError(
                f"The recording {self._partial} holds {found} of {self._frames} frames. "
                f"Is the disk full? Free space and record again."
            )
        self._partial.replace(self.path)

    def measured_fps(self) -> float:
        """Frames per second by the moments at which they were grabbed; 0 with under two.

        The time in which a stream was lost does not count, or everything would play slower.
        """
        return self._steps / self._steps_s if self._steps_s > 0 else 0.0

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.path.parent).free

    def summary(self) -> dict:
        """What was recorded, for the report."""
        fps = self._fps or self.measured_fps() or ASSUMED_FPS
        codec = self._encoder.codec if self._encoder else None
        return {"path": str(self.path), "frames": self._frames, "fps": fps, "codec": codec}


def fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Brings a picture to (height, width): odd sizes grow by one edge pixel, others are scaled.

    Scaled pictures keep their shape, with black beside them.
    """
    height, width = picture.shape[:2]
    missing = size[0] - height, size[1] - width
    if missing == (0, 0):
        return picture
    if max(missing) <= 1 and min(missing) >= 0:
        return cv2.copyMakeBorder(picture, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE)
    scale = min(size[0] / height, size[1] / width)
    height, width = max(1, int(height * scale)), max(1, int(width * scale))
    fitted = np.zeros((*size, 3), "uint8")
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    fitted[top : top + height, left : left + width] = cv2.resize(picture, (width, height))
    return fitted


def _count_frames(path: Path) -> int:
    """Frames that the finished file announces; 0 if it cannot be opened."""
    with silenced():
        capture = cv2.VideoCapture(str(path))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    capture.release()
    return count
