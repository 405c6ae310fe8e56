"""Small stand-ins for engines, sources and sinks, so that the live loop is tested without them."""

import time

import cv2
import numpy as np

from deploy.video.clock import Clock
from deploy.video.frame import Frame
from deploy.video.loop import LiveLoop
from deploy.video.overlay import Overlay
from deploy.video.source import Source

NAMES = ["sky", "road", "car"]
PALETTE = [[128, 128, 128], [128, 64, 128], [64, 0, 128]]


class FakeRuntime:
    """Calls everything `road` below the middle and `sky` above it.

    Args:
        seconds: How long a call takes.
        failing: Numbers of the calls that raise, counted from 0.
        sleep: What a call spends its time with.
    """

    description = {"classes": NAMES, "palette": PALETTE, "model": "fake"}
    input_size = (8, 8)

    def __init__(self, seconds=0.0, failing=(), sleep=time.sleep):
        self.seconds, self.failing, self.calls, self.sleep = seconds, failing, 0, sleep

    def run(self, image):
        self.calls += 1
        number = self.calls - 1
        self.sleep(self.seconds)
        if number in self.failing:
            raise ValueError("bad frame")
        classes = np.zeros(image.shape[:3], "uint8")
        classes[:, image.shape[1] // 2 :] = 1
        return classes

    def close(self):
        pass


class ListSink:
    """Keeps the frames that were written."""

    def __init__(self):
        self.frames = []

    def write(self, picture, frame):
        self.frames.append(frame)

    def close(self):
        pass


class ListDisplay:
    """Keeps frame, status and mean brightness of what was shown, and when."""

    def __init__(self, clock):
        self.shown, self._clock = [], clock

    def show(self, picture, frame, status):
        self.shown.append((self._clock.now(), frame, status, picture.mean()))

    def close(self):
        pass


class ScriptedCamera(Source):
    """A live source that does what a script says, one step per frame.

    Args:
        clock: Also what it sleeps by.
        steps: Per frame an image, a number of seconds to hang, "corrupt" for a frame that cannot
            be decoded, an exception to raise, or None to end.
        interval_s: From frame to frame.
    """

    def __init__(self, clock, steps, interval_s=0.04):
        super().__init__("camera", 1 / interval_s, None, live=True, clock=clock)
        self.closed = False
        self._steps, self._interval_s = iter(steps), interval_s

    def read(self):
        self._clock.sleep(self._interval_s)
        step = next(self._steps, None)
        while isinstance(step, int | float | str):
            if step == "corrupt":
                self.corrupt += 1
            else:
                self._clock.sleep(step)
            step = next(self._steps, None)
        if isinstance(step, Exception):
            raise step
        if step is None:
            return None
        now = self._clock.now()
        return self._frame(step, now, now)

    def close(self):
        self.closed = True


class SleepingClock(Clock):
    """The real time, for fakes that sleep."""

    sleep = staticmethod(time.sleep)


def loop_of(source, *runtimes, **options):
    """A loop with a sink that keeps its frames."""
    loop = LiveLoop(source, runtimes or [FakeRuntime()], Overlay(NAMES, PALETTE), **options)
    loop.sinks.append(ListSink())
    return loop


def indices(loop):
    """Of the frames that a loop of `loop_of` wrote."""
    return [frame.index for frame in loop.sinks[0].frames]


def numbered_images(count, size=(48, 64)):
    """Images whose every pixel is their own number."""
    for number in range(count):
        yield np.full((*size, 3), number % 256, "uint8")


def moving(count, size=(32, 48), seed=0):
    """Images that all differ."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*size, 3), dtype="uint8") for _ in range(count)]


def frame_of(image, time_s=0.0, classes=None, shares=None):
    """A frame as the loop would make it."""
    return Frame(0, image, time_s, time_s, classes=classes, shares=shares)


def write_video(path, count=12, size=(48, 64), fps=25.0):
    """Makes an MP4 of gray frames that get brighter, even sizes only."""
    code = cv2.VideoWriter_fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, fps, size[::-1])
    for number in range(count):
        writer.write(np.full((*size, 3), 10 + number % 200, "uint8"))
    writer.release()
    return path


def read_video(path):
    """All frames of a video, RGB, and its frame rate."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (answer := capture.read())[0]:
        frames.append(answer[1][..., ::-1])
    return frames, capture.get(cv2.CAP_PROP_FPS)
