"""What runs an artifact: one contract for every engine, and how a frame meets a fixed size.

A device needs NumPy, OpenCV and one engine; nothing here knows of Keras or of training.
"""

from typing import Protocol

import cv2
import numpy as np


class Runtime(Protocol):
    """An artifact, ready to run on frames of any size.

    Attributes:
        description: What the artifact says of itself, see `deploy.runtimes.artifact`.
        input_size: The (height, width) in pixels that the graph takes.
    """

    description: dict
    input_size: tuple[int, int]

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W)."""

    def run(self, image: np.ndarray) -> np.ndarray:
        """Runs the graph alone: uint8 RGB (1, h, w, 3) of `input_size` to its raw output.

        That is uint8 class ids (1, h, w), or float32 logits (1, h, w, C) where the
        description's `output_kind` is "logits".
        """

    def close(self) -> None:
        """Frees the engine; the runtime cannot be called any more."""


def fit_frame(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes a frame (H, W, 3) bilinearly to an image (1, *size, 3), the input of a graph.

    Raises:
        ValueError: If the frame is not uint8 (H, W, 3).
    """
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise ValueError(
            f"A frame is RGB, uint8 (height, width, 3); got {frame.dtype} {frame.shape}. "
            f"Convert it first."
        )
    if frame.shape[:2] != tuple(size):
        frame = cv2.resize(frame, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return frame[np.newaxis]


def to_classes(output: np.ndarray) -> np.ndarray:
    """Decides class ids, uint8 (h, w), from the raw output of a graph, (1, h, w) or (1, h, w, C).

    One channel is a sigmoid's: class 1 where the logit is above 0.
    """
    if output.ndim == 3:
        return output[0]
    logits = output[0]
    if logits.shape[-1] == 1:
        return (logits[..., 0] > 0).astype(np.uint8)
    return logits.argmax(axis=-1).astype(np.uint8)


def fit_classes(classes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes class ids (h, w) to the (height, width) of a frame by nearest neighbour."""
    if classes.shape == tuple(size):
        return classes
    # INTER_NEAREST takes the pixel up and left and so moves the classes by half a pixel.
    return cv2.resize(classes, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT)
