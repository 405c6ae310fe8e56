"""Opens what a user names: a camera number, an address, a video file or a folder of images."""

from collections.abc import Callable
from pathlib import Path

from deploy.video.address import is_address
from deploy.video.capture import open_camera, open_file, open_stream
from deploy.video.folder import ImageFolder
from deploy.video.reconnect import Reconnecting
from deploy.video.source import Source


def open_source(text: str) -> Source:
    """Opens what a user named; live sources come back after failures.

    Args:
        text: "0", "drive.mp4", "frames/", "rtsp://user:password@host/path".

    Raises:
        ValueError: If it is not there or cannot be read; the message says what to do.
    """
    if text.isdecimal():
        return _returning(lambda: open_camera(int(text)))
    if is_address(text):
        return _returning(lambda: open_stream(text))
    return ImageFolder(text) if Path(text).is_dir() else open_file(text)


def _returning(open_it: Callable[[], Source]) -> Source:
    source = open_it()
    return Reconnecting(source, open_it) if source.live else source
