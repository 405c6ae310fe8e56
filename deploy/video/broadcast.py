"""One encode for any number of viewers, and none of them can hold up the loop.

    loop --offer--> newest picture --encoder thread--> newest JPEG --event loop--> each viewer

Every arrow keeps only the newest: a loop that is faster than the encoder, and a viewer slower
than both, skip pictures. Without viewers nothing is copied or encoded.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator

import cv2
import numpy as np

MAX_FPS = 25.0  # of the browser's picture; the loop may be faster
MAX_WIDTH = 1280  # pixels; larger pictures are scaled for the way to the browser
QUALITY = 80  # of the JPEGs


class Broadcast:
    """Hands the newest picture as a JPEG to everybody who watches.

    Attributes:
        viewers: How many watch at the moment.
        encoded: How many pictures were encoded so far.
    """

    def __init__(self):
        self.viewers = self.encoded = 0
        self._jpeg = b""
        self._wakers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._offered: np.ndarray | None = None  # waits for the encoder
        self._spare = np.empty((0, 0, 3), "uint8")
        self._offered_at = 0.0
        self._ended = False
        self._changed = threading.Condition()
        self._encoder = threading.Thread(target=self._encode, name="web encoder", daemon=True)
        self._encoder.start()

    def offer(self, picture: np.ndarray) -> None:
        """Takes a copy of a picture, RGB, uint8 (H, W, 3), if somebody watches."""
        now = time.monotonic()
        if not self.viewers or now - self._offered_at < 1 / MAX_FPS:
            return
        self._offered_at = now
        with self._changed:
            copy = self._spare if self._offered is None else self._offered
            if copy.shape != picture.shape:
                copy = np.empty_like(picture, order="C")
            np.copyto(copy, picture)
            self._offered = copy
            self._changed.notify()

    async def watch(self) -> AsyncIterator[bytes]:
        """JPEGs as they come, each the newest at its time, until the broadcast ends."""
        wake = asyncio.Event()
        with self._changed:
            self._wakers[wake] = asyncio.get_running_loop()
            self.viewers += 1
        try:
            while not self._ended:
                await wake.wait()
                wake.clear()
                if not self._ended:
                    yield self._jpeg
        finally:
            with self._changed:
                del self._wakers[wake]
                self.viewers -= 1

    def end(self) -> None:
        """Ends all that watch, and the encoder."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._encoder.join()
        self._wake_viewers()

    def _encode(self) -> None:
        taken = np.empty((0, 0, 3), "uint8")
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._offered is not None)
                if self._ended:
                    return
                taken, self._spare, self._offered = self._offered, taken, None
            self._jpeg = encode_jpeg(taken)
            self.encoded += 1
            self._wake_viewers()

    def _wake_viewers(self) -> None:
        with self._changed:
            for wake, loop in self._wakers.items():
                loop.call_soon_threadsafe(wake.set)


def encode_jpeg(picture: np.ndarray) -> bytes:
    """A picture, RGB, uint8 (H, W, 3), as a JPEG at most `MAX_WIDTH` wide."""
    height, width = picture.shape[:2]
    if width > MAX_WIDTH:
        size = MAX_WIDTH, max(1, round(height * MAX_WIDTH / width))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
