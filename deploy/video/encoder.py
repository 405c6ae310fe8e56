"""Turns pictures into an MP4, by the best means that this machine has.

H.264 through the `ffmpeg` program where there is one, because browsers play that; otherwise what
this OpenCV can encode: pip's wheels hold no H.264 encoder, their MPEG-4 plays in video players.
"""

import contextlib
import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

from deploy.runtimes.native_log import silenced

log = logging.getLogger(__name__)


def open_encoder(path: Path, size: tuple[int, int], fps: float) -> "FfmpegEncoder | OpenCvEncoder":
    """The best encoder of this machine: H.264 by ffmpeg, H.264 by OpenCV, then MPEG-4.

    Args:
        path: The MP4 to write.
        size: Height and width of the pictures, both even.
        fps: Frames per second.

    Raises:
        RuntimeError: If there is no encoder at all.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg and _has_x264(ffmpeg):
        return FfmpegEncoder(ffmpeg, path, size, fps)
    for fourcc in ("avc1", "mp4v"):
        with silenced():
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), fps, size[::-1])
        if writer.isOpened():
            log.info("Recording as %s; with ffmpeg installed it would play in browsers.", fourcc)
            return OpenCvEncoder(writer, fourcc, size)
    raise RuntimeError(
        f"Nothing here can encode {path}. Install ffmpeg, or an opencv-python with FFmpeg."
    )


class OpenCvEncoder:
    """Encodes by OpenCV's own writer.

    Args:
        writer: An opened one.
        codec: Its four letters.
        size: Height and width of the pictures.
    """

    def __init__(self, writer: cv2.VideoWriter, codec: str, size: tuple[int, int]):
        self.codec, self.size = codec, size
        self._writer = writer
        self._bgr = np.empty((*size, 3), "uint8")

    def write(self, picture: np.ndarray) -> None:
        """Appends an RGB picture of the encoder's size."""
        self._writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=self._bgr))

    def close(self) -> None:
        """Writes what is pending and the index of the file."""
        self._writer.release()


class FfmpegEncoder:
    """Encodes H.264 by piping pictures into the ffmpeg program.

    Args:
        program: The path of ffmpeg.
        path: The MP4 to write.
        size: Height and width of the pictures, both even.
        fps: Frames per second.
    """

    codec = "h264"

    def __init__(self, program: str, path: Path, size: tuple[int, int], fps: float):
        self.size = size
        # A file, because a pipe that nobody reads would stop ffmpeg when it is full.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [program, "-y", "-loglevel", "error"]
            + ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[1]}x{size[0]}"]
            + ["-r", str(fps), "-i", "-"]
            + ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
            + ["-movflags", "+faststart", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            # Ctrl-C goes to all programs of a terminal's group; this one must end after us.
            start_new_session=True,
        )

    def write(self, picture: np.ndarray) -> None:
        """Appends an RGB picture of the encoder's size."""
        try:
            self._process.stdin.write(np.ascontiguousarray(picture).data)
        except BrokenPipeError as error:
            raise RuntimeError(f"ffmpeg stopped recording: {self._complaint()}") from error

    def close(self) -> None:
        """Lets ffmpeg finish the file and waits for it."""
        with contextlib.suppress(BrokenPipeError):  # then its exit code says so
            self._process.stdin.close()
        complaint = self._complaint()
        self._said.close()
        if self._process.returncode != 0:
            raise RuntimeError(f"ffmpeg could not finish the recording: {complaint}")

    def _complaint(self) -> str:
        """What ffmpeg wrote, once it has ended."""
        self._process.wait()
        self._said.seek(0)
        return self._said.read(2000).decode(errors="replace").strip() or "it gave no reason"


def _has_x264(program: str) -> bool:
    listing = subprocess.run(
        [program, "-hide_banner", "-encoders"], capture_output=True, text=True, check=False
    )
    return "libx264 " in listing.stdout
