"""A window on the screen, where there is one."""

import os
import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np

from deploy.runtimes.native_log import silenced
from deploy.video.frame import Frame
from deploy.video.status import Status

PROBE_S = 20.0  # a first import of OpenCV from a cold disk takes its time
ESCAPE = 27
SCREEN = (1080, 1920)  # larger pictures open in a window of that size


class Window:
    """A display with keys: `q` and Escape end, as closing it does; the others are `press`'s.

    Args:
        title: Of the window.
        press: Does what a key stands for, such as `View.press`.
        stop: Ends the loop.
    """

    def __init__(self, title: str, press: Callable[[str], bool], stop: Callable[[], None]):
        self._title = title
        self._press, self._stop = press, stop
        self._size: tuple[int, int] | None = None

    def show(self, picture: np.ndarray, frame: Frame, status: Status) -> None:
        """Shows a picture and does what the keys say."""
        if self._size is not None and self._is_closed():  # `imshow` would open it again
            self._stop()
            return
        if self._size != picture.shape[:2]:
            self._open(picture.shape[:2])
        cv2.imshow(self._title, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        while (code := cv2.waitKey(1)) >= 0:  # all that was typed since the last picture
            key = chr(code & 0xFF)
            if key in ("q", chr(ESCAPE)):
                self._stop()
                return
            self._press(key)

    def close(self) -> None:
        """Takes the window off the screen."""
        if self._size is not None:
            cv2.destroyAllWindows()

    def _open(self, size: tuple[int, int]) -> None:
        """Opens the window, or fits it to a picture of another size."""
        with silenced():  # toolkits complain about fonts
            # Without toolbar and status line, and as large as the picture.
            flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(self._title, flags)
            scale = min(1.0, SCREEN[0] / size[0], SCREEN[1] / size[1])
            cv2.resizeWindow(self._title, round(size[1] * scale), round(size[0] * scale))
        self._size = size

    def _is_closed(self) -> bool:
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1


def window_problem() -> str | None:
    """Why no window can be shown here, or None if one can.

    Asked in another process, because without a display some builds of OpenCV do not raise but
    end the program.
    """
    needs_display = sys.platform.startswith("linux")
    if needs_display and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display"
    probe = "import cv2; cv2.namedWindow('probe'); cv2.waitKey(1); cv2.destroyAllWindows()"
    try:
        done = subprocess.run(
            [sys.executable, "-c", probe], capture_output=True, timeout=PROBE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "the display does not answer"
    return None if done.returncode == 0 else "this OpenCV cannot open a window"
