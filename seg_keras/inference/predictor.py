"""One image of any size in, its classes at the image's own size out.

A model is built for one size. Three ways lead from any image to that size and back; all of them
work on logits, since class ids cannot be interpolated.
"""

from collections.abc import Iterator

import cv2
import keras
import numpy as np

from seg_keras.inference.sliding_window import Progress, slide

MODES = ("resize", "pad", "slide")


class Predictor:
    """A callable from an image (H, W, C) uint8 to class ids (H, W) uint8 of the same size.

    Modes, which agree where the image has the model's size:

    - `resize` scales the image to the model's size and the logits back, both bilinearly. The
      default: one pass for every image, and exported models scale their frames in the same way,
      so what is seen here is what is deployed.
    - `pad` fills up with black at the bottom and the right, as training does, and cuts it off the
      logits. For images a little smaller than the model, without any scaling.
    - `slide` moves a window of the model's size over the image. For images much larger
      than the model whose detail counts, such as satellite scenes; costs one pass per window.

    Args:
        model: A model of the project: images (B, h, w, C) to a dict whose `"logits"` are
            (B, h, w, num_classes). With `num_classes=1`, class 1 is where the logit is above 0.
        mode: One of `MODES`.
        overlap: For `slide`: share of a window's side that the next window covers too.
        progress: For `slide`: called after each window with (windows done, all windows).

    Attributes:
        input_size: Height and width in pixels that the model takes.

    Raises:
        ValueError: If the mode is unknown, or the model has no fixed size or no full-size logits.
    """

    def __init__(
        self,
        model: keras.Model,
        mode: str = "resize",
        overlap: float = 1 / 3,
        progress: Progress | None = None,
    ):
        if mode not in MODES:
            raise ValueError(f"Unknown mode {mode!r}. Choose one of: {', '.join(MODES)}.")
        if not 0 <= overlap < 1:
            raise ValueError(f"overlap is {overlap}, expected a share from 0 to below 1.")
        logits = model.output["logits"]
        if None in model.input_shape[1:] or model.input_shape[1:3] != logits.shape[1:3]:
            raise ValueError(
                f"{model.name} takes {model.input_shape[1:]} and gives logits of "
                f"{logits.shape[1:3]}; expected one fixed size for both. Build the model with that "
                f"`input_shape`."
            )
        # Only the way to the logits is run: auxiliary heads cost time and help training alone.
        self._model = keras.Model(model.input, logits)
        self._mode = mode
        self._overlap = overlap
        self._progress = progress
        self.input_size = tuple(model.input_shape[1:3])

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Class ids of every pixel.

        Args:
            image: uint8 (H, W, C), RGB.

        Returns:
            uint8 (H, W).

        Raises:
            ValueError: If the image is no uint8 (H, W, C), or with `pad` larger than the model.
        """
        # Row by row, so that `slide` never holds the logits of a whole satellite scene.
        return np.concatenate([_classes(rows) for rows in self._logit_rows(image)])

    def logits(self, image: np.ndarray) -> np.ndarray:
        """Logits of every pixel: float32 (H, W, num_classes), for an image as in the call."""
        return np.concatenate(list(self._logit_rows(image)))

    def _logit_rows(self, image: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the logits (rows, W, num_classes) of an image from top to bottom."""
        self._check(image)
        if self._mode == "resize":
            yield self._resized_logits(image)
            return
        height, width = image.shape[:2]
        if self._mode == "pad" and (height > self.input_size[0] or width > self.input_size[1]):
            raise ValueError(
                f"An image of {height}x{width} pixels cannot be padded to the model's "
                f"{self.input_size[0]}x{self.input_size[1]}. Use the mode 'slide', or 'resize'."
            )
        image = _pad_to_at_least(image, self.input_size)
        for rows in slide(image, self._run, self.input_size, self._overlap, self._progress):
            yield rows[:height, :width]  # a padded image is one window high: cut the padding

    def _resized_logits(self, image: np.ndarray) -> np.ndarray:
        size = image.shape[:2]
        if size == self.input_size:
            return self._run(image)
        logits = self._run(_resize(image, self.input_size))
        return _resize(logits, size)

    def _run(self, window: np.ndarray) -> np.ndarray:
        """Logits float32 (h, w, num_classes) of an image (h, w, C) of the model's size."""
        # Bytes go in as they are: the model converts them, and four times less is copied.
        return self._model.predict_on_batch(window[None])[0]

    def _check(self, image: np.ndarray) -> None:
        channels = self._model.input_shape[-1]
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != channels:
            raise ValueError(
                f"The image is {image.dtype} {image.shape}, expected uint8 (height, width, "
                f"{channels}). Convert it first, 16 bits by scaling to 0 to 255."
            )


def _classes(logits: np.ndarray) -> np.ndarray:
    """From logits (H, W, C) to uint8 ids (H, W); one channel is a sigmoid."""
    if logits.shape[-1] == 1:
        return (logits[..., 0] > 0).astype(np.uint8)
    return logits.argmax(axis=-1).astype(np.uint8)


def _resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear (H, W, C) to (*size, C); OpenCV takes (width, height) and drops a lone channel."""
    resized = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_LINEAR)
    return resized.reshape(*size, pixels.shape[-1])


def _pad_to_at_least(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Adds black pixels at the bottom and the right of an image (H, W, C)."""
    bottom, right = (max(0, wanted - have) for wanted, have in zip(size, image.shape, strict=False))
    return np.pad(image, ((0, bottom), (0, right), (0, 0)))
