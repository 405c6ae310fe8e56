"""Where pictures go besides a recording: a window on the screen, and one record per frame.

A sink takes every picture that the loop shows. It must not keep the picture it was given: the
next one is drawn into the same memory. Whoever opens a sink closes it, after the loop.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from deploy.runtimes.native_log import silenced
from deploy.video.frame import Frame

PROBE_S = 20.0  # a first import of OpenCV from a cold disk takes its time
ESCAPE, SPACE = 27, ord(" ")

log = logging.getLogger(__name__)


class Sink(Protocol):
    """What the loop asks of everything that shows or keeps pictures."""

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Takes the picture, RGB, uint8 (H, W, 3), and the frame that it was drawn from."""


class Records:
    """Writes one JSON line per frame: what was seen, when, and what it cost.

    Fields: `index`, `source_time_s`, `age_ms`, `stage_ms` (grab, infer, draw, write), `shares`
    (by class name, those on the picture), `drops` (by cause, so far), `error` (null, or what the
    engine said).

    Args:
        path: The .jsonl file; written beside and renamed at the end.
        class_names: One per class id.
    """

    def __init__(self, path: str | Path, class_names: Sequence[str]):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = self.path.with_name(self.path.name + ".partial")
        # Line by line, so that even a power cut loses no finished record.
        self._file = open(self._partial, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        self._names = class_names

    def __call__(self, frame: Frame) -> None:
        """Appends the record of a frame that has left the loop."""
        record = {
            "index": frame.index,
            "source_time_s": round(frame.source_time_s, 4),
            "age_ms": round(frame.age_ms, 3),
            "stage_ms": {stage: round(ms, 3) for stage, ms in frame.stage_ms.items()},
            "shares": self._named_shares(frame.shares),
            "drops": frame.drops,
            "error": frame.error,
        }
        self._file.write(json.dumps(record, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Gives the file its final name."""
        self._file.close()
        self._partial.replace(self.path)

    def _named_shares(self, shares: np.ndarray | None) -> dict[str, float]:
        if shares is None:
            return {}
        pairs = zip(self._names, shares.tolist(), strict=True)
        return {name: round(share, 5) for name, share in pairs if share > 0}


class Window:
    """A window on the screen with keys.

    Closing it acts like `q`. Space holds the picture until the next space; the loop then waits.

    Args:
        title: Of the window.
        actions: What to do by key, such as `{"q": loop.stop, "o": overlay.toggle_tint}`; "q"
            is needed, and Escape does the same.
        is_running: False once the loop has been told to end; a held picture is let go then.
    """

    def __init__(
        self,
        title: str,
        actions: dict[str, Callable[[], None]],
        is_running: Callable[[], bool],
    ):
        self._title = title
        self._is_running = is_running
        self._actions = {ord(key): action for key, action in actions.items()}
        self._actions[ESCAPE] = actions["q"]
        self._opened = False

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Shows a picture and does what the keys say."""
        if not self._opened:
            self._open(picture.shape[:2])
        elif self._is_closed():  # before `imshow`, which would open it again
            self._actions[ESCAPE]()
            return
        cv2.imshow(self._title, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        if self._act(cv2.waitKey(1)) == SPACE:
            while self._is_running() and self._act(cv2.waitKey(30)) != SPACE:
                pass

    def close(self) -> None:
        """Takes the window off the screen."""
        if self._opened:
            cv2.destroyAllWindows()

    def _open(self, size: tuple[int, int]) -> None:
        with silenced():  # toolkits complain about fonts
            # Without toolbar and status line, and as large as the picture.
            flags = cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(self._title, flags)
            cv2.resizeWindow(self._title, size[1], size[0])
        self._opened = True

    def _is_closed(self) -> bool:
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1

    def _act(self, code: int) -> int | None:
        """Does what a key code asks for; returns the key, or None if there was none."""
        if self._is_closed():
            code = ESCAPE
        if code < 0:
            return None
        key = code & 0xFF
        if key in self._actions:
            self._actions[key]()
        return key


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
