"""Small stand-ins for engines and sources, so that the live loop is tested without either."""

import time

import cv2
import numpy as np

from deploy.video.frame import Frame

NAMES = ["sky", "road", "car"]
PALETTE = [[128, 128, 128], [128, 64, 128], [64, 0, 128]]


class FakeRuntime:
    """Calls everything `road` below the middle and `sky` above it.

    Args:
        seconds: How long a call takes.
        failing: Numbers of the calls that raise, counted from 0.
    """

    description = {"classes": NAMES, "palette": PALETTE, "model": "fake"}
    input_size = (8, 8)

    def __init__(self, seconds=0.0, failing=()):
        self.seconds, self.failing, self.calls = seconds, failing, 0

    def __call__(self, frame):
        self.calls += 1
        time.sleep(self.seconds)
        if self.calls - 1 in self.failing:
            raise ValueError("bad frame")
        classes = np.zeros(frame.shape[:2], "uint8")
        classes[frame.shape[0] // 2 :] = 1
        return classes

    def close(self):
        pass


class ListSink:
    """Keeps the frames that were shown."""

    def __init__(self):
        self.frames = []

    def write(self, picture, frame):
        self.frames.append(frame)


def numbered_images(count, size=(48, 64)):
    """Images whose every pixel is their own number."""
    for number in range(count):
        yield np.full((*size, 3), number % 256, "uint8")


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
