"""What runs an artifact: one contract for every engine, and how a frame meets a fixed size.

A device needs NumPy, OpenCV and one engine; nothing here knows of Keras or of training.
"""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from deploy.runtimes.artifact import OUTPUTS


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
        """Runs the graph alone: uint8 RGB (1, h, w, 3) of `input_size` to its first output.

        That is uint8 class ids (1, h, w), or float32 logits (1, h, w, C) where the
        description's `output_kind` is "logits".
        """

    def run_all(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the graph alone and gives every output by name, as `OUTPUTS` lists them.

        "confidence" is float32 (1, h, w): the probability of the decided class.
        """

    def close(self) -> None:
        """Frees the engine; the runtime cannot be called any more."""


def segment(runtime: Runtime, frame: np.ndarray) -> np.ndarray:
    """Maps a frame, uint8 RGB (H, W, 3), to its class ids, uint8 (H, W), with any runtime."""
    margin = runtime.description.get("margin", (0, 0))
    return decide(runtime.run(fit_frame(frame, runtime.input_size, margin)), frame.shape[:2])


def decide(output: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Class ids, uint8 (H, W), in the (height, width) of a frame, from what `Runtime.run` gave."""
    if output.ndim == 4 and output.shape[1:3] != tuple(size):
        # Scaled before the decision, boundaries are as smooth as the logits are.
        logits = cv2.resize(output[0], (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
        output = logits.reshape(1, *size, -1)  # OpenCV drops a single channel
    return fit_classes(to_classes(output), size)


def fit_frame(
    frame: np.ndarray, size: tuple[int, int], margin: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Resizes a frame (H, W, 3) bilinearly to an image (1, *size, 3), the input of a graph.

    Args:
        frame: uint8 RGB (H, W, 3).
        size: (height, width) in pixels of the image.
        margin: (height, width) in pixels at each side that are the mirrored frame, for a graph
            that gives classes only within them.

    Raises:
        ValueError: If the frame is not uint8 (H, W, 3).
    """
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise ValueError(
            f"A frame is RGB, uint8 (height, width, 3); got {frame.dtype} {frame.shape}. "
            f"Convert it first."
        )
    (y, x), (height, width) = margin, (s - 2 * m for s, m in zip(size, margin, strict=True))
    if frame.shape[:2] != (height, width):
        frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
    if y or x:
        frame = cv2.copyMakeBorder(frame, y, y, x, x, cv2.BORDER_REFLECT_101)
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


def check_graph(path: Path, description: dict, image: tuple, outputs: dict[str, tuple]) -> None:
    """Refuses a graph that its description does not describe.

    Args:
        path: The artifact, for the message.
        description: What the artifact says of itself.
        image: (type name, *shape) of the graph's input; None in the shape for an open size.
        outputs: The same of each output, by name.

    Raises:
        ValueError: If names, types or shapes differ.
    """
    size, kind = description["input_size"], description["output_kind"]
    inner = [s - 2 * m for s, m in zip(size, description.get("margin", (0, 0)), strict=True)]
    count = len(description["classes"])
    types = {"classes": "uint8", "confidence": "float32", "logits": "float32"}
    expected = {name: (types[name], 1, *inner) for name in OUTPUTS[kind]}
    if kind == "logits":
        channels = outputs.get("logits", (count,))[-1]
        # A single logit tells class 1 from class 0.
        expected["logits"] += (1 if count == 2 and channels == 1 else count,)
    found = {name: _with_batch_1(signature) for name, signature in outputs.items()}
    wanted = ("uint8", 1, *size, 3)
    if _with_batch_1(image) != wanted or found != expected:
        raise ValueError(
            f"{path}: its description does not fit its graph, which takes {image} and gives "
            f"{outputs}; expected {wanted} and {expected}. Export the model again."
        )


def _with_batch_1(signature: tuple) -> tuple:
    """An open batch size takes one frame, too."""
    kind, batch, *rest = signature
    return kind, 1 if batch is None else batch, *rest
