"""Frames that OpenCV decodes: video files, cameras of this machine, cameras in the network."""

import logging
import os
from pathlib import Path

import cv2

from deploy.runtimes.native_log import silenced
from deploy.video.address import redact
from deploy.video.clock import REAL_TIME, Clock
from deploy.video.frame import Frame
from deploy.video.source import FALLBACK_FPS, USAGE, Source

MAX_CORRUPT = 100  # in a row, then nothing good will come any more
OPEN_LIMIT_MS, READ_LIMIT_MS = 8000, 5000  # OpenCV's own are half a minute

log = logging.getLogger(__name__)


class Capture(Source):
    """What files and cameras share: OpenCV's capture, with frames turned upright and to RGB.

    Args:
        capture: An opened one.
        name: For messages and reports.
        live: Whether it never ends by itself; None for what does not announce an end.
        broken: What to say if it gives no frame at all.
        clock: What frames are stamped by.
    """

    def __init__(
        self,
        capture: cv2.VideoCapture,
        name: str,
        live: bool | None,
        broken: str,
        clock: Clock = REAL_TIME,
    ):
        announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = capture.get(cv2.CAP_PROP_FPS)
        live = announced <= 0 if live is None else live
        super().__init__(
            name,
            fps=fps if 0 < fps < 1000 else None,  # containers without a rate say 0 or 90000
            frame_count=announced if announced > 0 and not live else None,
            live=live,
            clock=clock,
        )
        self._capture = capture
        self._broken = broken
        self._opened_at = clock.now()

    def read(self) -> Frame | None:
        """The next frame that can be decoded; the others are counted."""
        for _ in range(MAX_CORRUPT):
            if not self._capture.grab():
                return self._ended()
            grabbed_at = self._clock.now()
            # A new array for every frame: the one before may still be with a later stage.
            decoded, image = self._capture.retrieve()
            if decoded and image is not None and image.ndim == 3 and image.size:
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
                return self._frame(image, self._source_time_s(grabbed_at), grabbed_at)
            self.corrupt += 1
        if self._next_index == 0:
            raise ValueError(self._broken)
        raise RuntimeError(f"{self.name}: {MAX_CORRUPT} frames in a row could not be decoded.")

    def close(self) -> None:
        self._capture.release()

    def _source_time_s(self, grabbed_at: float) -> float:
        if self.live:
            return grabbed_at - self._opened_at
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        # Some containers carry no time stamps; then the rate is all there is.
        return stamp_s if stamp_s > 0 else self._next_index / (self.fps or FALLBACK_FPS)

    def _ended(self) -> None:
        if self._next_index == 0:
            raise ValueError(self._broken)
        if self.live:
            raise RuntimeError(f"{self.name} stopped giving frames after {self._next_index}.")
        if self.frame_count and self._next_index + self.corrupt < self.frame_count:
            log.warning(
                "%s ended after %d of %d announced frames; it may be cut off.",
                self.name,
                self._next_index,
                self.frame_count,
            )


def open_file(path: str | Path) -> Capture:
    """Opens a video file; frames come upright if the file says how it was held.

    Raises:
        ValueError: If it is not there or is no video.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no video file {path}. {USAGE}")
    broken = (
        f"{path} ({path.stat().st_size} bytes) cannot be decoded as a video. "
        f"Convert it, for example with: ffmpeg -i {path.name} -c:v libx264 converted.mp4"
    )
    return Capture(_open(str(path), broken, *_few_threads()), str(path), live=False, broken=broken)


def open_camera(number: int) -> Capture:
    """Opens a camera of this machine, 0 for the first.

    Raises:
        ValueError: If it is not there or in use.
    """
    found = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*")))
    broken = (
        f"Camera {number} is not there or in use by another program (devices: "
        f"{found or 'none found'}). Plug it in, close the other program, or give another number "
        f"or a video file."
    )
    capture = _open(number, broken)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the driver's queue would only add latency
    return Capture(capture, f"camera {number}", live=True, broken=broken)


def open_stream(address: str) -> Capture:
    """Opens an address such as rtsp://host/path or http://host/video.mjpg.

    What announces a number of frames, such as an MP4 on a web server, counts as a file.

    Raises:
        ValueError: If nothing answers there, or nothing that is a video. The message holds no
            password.
    """
    name = redact(address)
    broken = (
        f"{name} gives no video. Check that the camera is on, and the address, user and password "
        f"(rtsp://user:password@host/path)."
    )
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_LIMIT_MS]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_LIMIT_MS]
    # A decoder with several threads holds back a frame for each of them.
    capture = _open(address, broken, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
    return Capture(capture, name, live=None, broken=broken)


def _few_threads() -> tuple:
    """Options of a decoder that leaves the cores to the engine.

    FFmpeg's own choice is a thread for every core, which on two cores slows the engine down.
    """
    if not cv2.videoio_registry.hasBackend(cv2.CAP_FFMPEG):
        return ()
    return cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, max(1, cv2.getNumberOfCPUs() // 4)]


def _open(target: int | str, broken: str, *options) -> cv2.VideoCapture:
    # FFmpeg also comments on single damaged frames; it reads this once, when first used.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with silenced():
        capture = cv2.VideoCapture(target, *options)
    if not capture.isOpened():
        raise ValueError(broken)
    return capture
