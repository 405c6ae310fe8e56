"""The window's keys, on a screen that is only imagined, and what is said without a screen."""

import cv2
import numpy as np
import pytest
from video_fakes import FakeRuntime, frame_of, numbered_images

from deploy.video.loop import LiveLoop
from deploy.video.overlay import Overlay
from deploy.video.source import Images
from deploy.video.status import Status
from deploy.video.view import View
from deploy.video.window import Window, window_problem

NO_KEY = -1
STATUS = Status(0, 0, 0, 0)
PICTURE = np.full((4, 6, 3), (200, 100, 50), "uint8")


class Screen:
    """Stands in for OpenCV's windows: keys are typed beforehand, one per look at them."""

    def __init__(self, monkeypatch):
        self.keys, self.shown, self.visible = [], [], False
        for name in ("namedWindow", "resizeWindow", "imshow", "waitKey", "getWindowProperty"):
            monkeypatch.setattr(cv2, name, getattr(self, name))
        monkeypatch.setattr(cv2, "destroyAllWindows", self.close)

    def namedWindow(self, title, flags):  # noqa: N802
        self.visible = True

    def resizeWindow(self, title, width, height):  # noqa: N802
        self.size = height, width

    def imshow(self, title, picture):
        self.visible = True
        self.shown.append(picture.copy())

    def waitKey(self, delay):  # noqa: N802
        key = self.keys.pop(0) if self.keys else NO_KEY
        return key if isinstance(key, int) else ord(key)

    def getWindowProperty(self, title, which):  # noqa: N802
        return float(self.visible)

    def close(self):
        self.visible = False


@pytest.fixture
def screen(monkeypatch):
    return Screen(monkeypatch)


@pytest.fixture
def typed():
    """The keys that had an effect."""
    return []


@pytest.fixture
def window(screen, typed):
    return Window("title", press=typed.append, stop=lambda: typed.append("stop"))


def test_the_window_shows_the_picture_in_its_own_size(screen, window):
    window.show(PICTURE, frame_of(PICTURE), STATUS)
    assert screen.size == (4, 6)
    np.testing.assert_array_equal(screen.shown[0][..., ::-1], PICTURE)  # OpenCV wants BGR
    window.show(np.zeros((2160, 3840, 3), "uint8"), frame_of(PICTURE), STATUS)
    assert screen.size == (1080, 1920)  # another size after reconnecting, too large for a screen
    window.close()
    assert not screen.visible


@pytest.mark.parametrize(
    ("keys", "effect"),
    [
        (["q", "o"], ["stop"]),
        ([27], ["stop"]),  # Escape
        (["o", "m"], ["o", "m"]),  # all that was typed between two pictures
        ([" "], [" "]),
        ([ord("o") | 0x100000], ["o"]),  # some builds add the state of Num Lock
    ],
)
def test_keys_do_what_they_say(screen, window, typed, keys, effect):
    screen.keys = keys
    window.show(PICTURE, frame_of(PICTURE), STATUS)
    assert typed == effect


def test_closing_the_window_ends_the_loop(screen):
    overlay = Overlay(["sky", "road"], [[9, 9, 9], [90, 60, 90]])
    loop = LiveLoop(Images(numbered_images(200)), [FakeRuntime()], overlay)
    loop.displays.append(Window("title", overlay.view.press, loop.stop))
    loop.observers.append(lambda frame: frame.index == 5 and screen.close())
    assert loop.run()["frames"] < 20
    assert not screen.visible


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("o", View(opacity=0.75)),
        ("ooo", View(opacity=0.25)),
        ("m", View(mode="original")),
        ("mm", View(mode="classes")),
        ("mmm", View()),
        ("l", View(legend=False)),
        (" ", View(paused=True)),
        ("  ", View()),
        ("ss", View(snapshots=2)),
    ],
)
def test_keys_change_the_view(keys, expected):
    view = View()
    assert all(view.press(key) for key in keys)
    assert view == expected
    assert not view.press("x")


def test_a_view_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="Unknown view 'all'. Choose one of: overlay"):
        View(mode="all")


def test_without_a_display_no_window_is_tried(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert window_problem() == "there is no display"


def test_a_display_that_is_not_there_is_found_out(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert window_problem() == "this OpenCV cannot open a window"
