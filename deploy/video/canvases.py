"""Memory for pictures that are drawn in one thread and written in another."""

import collections

import numpy as np

MAX_FREE = 4  # more than the loop has in use at any time


class Canvases:
    """Lends arrays and takes them back, so that no picture costs fresh memory."""

    def __init__(self):
        self._free = collections.deque(maxlen=MAX_FREE)  # its methods are safe between threads

    def take(self, shape: tuple[int, int, int]) -> np.ndarray:
        """An array, uint8 of that shape; whatever is in it may be overwritten."""
        while True:
            try:
                canvas = self._free.popleft()
            except IndexError:
                return np.empty(shape, "uint8")
            if canvas.shape == shape:  # those of a former size are let go
                return canvas

    def give(self, canvas: np.ndarray) -> None:
        """Takes an array back that nobody uses any more."""
        self._free.append(canvas)
