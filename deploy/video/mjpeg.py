"""Records pictures as JPEGs one after the other: no index, so it plays however it ends.

Players take such a file as Motion JPEG (`ffplay`, VLC, OpenCV). It knows nothing of time and is
several times as large as an MP4, but costs no video encoder and survives a power cut.
"""

from pathlib import Path

import cv2
import numpy as np

from deploy.video.append import AppendFile
from deploy.video.frame import Frame

QUALITY = 85
SUFFIXES = (".mjpeg", ".mjpg")


class JpegRecorder:
    """A sink that appends every picture as a JPEG.

    Args:
        path: The file to make, ending in .mjpeg or .mjpg.
    """

    def __init__(self, path: str | Path):
        self._file = AppendFile(path)
        self._frames = 0

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Appends a picture, RGB, uint8 (H, W, 3)."""
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        self._file.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].data)
        self._frames += 1

    def close(self) -> None:
        """Gives the file its final name."""
        self._file.close()

    def summary(self) -> dict:
        """What was recorded, for the report."""
        return {"path": str(self._file.path), "frames": self._frames, "fps": None, "codec": "mjpeg"}
