"""One image of any size in, its classes at the image's own size out.

A model is built for one size. Several ways lead from any image to that size and back; all but
"vote" work on logits, since class ids cannot be interpolated.
"""

from collections.abc import Iterator

import cv2
import keras
import numpy as np

from seg_keras.inference.overlap_tile import overlap_tile
from seg_keras.inference.sliding_window import Progress, slide

# Mode: share of a window's side that the next window covers too.
OVERLAPS = {"slide": 1 / 3, "vote": 3 / 4}
MODES = ("resize", "pad", *OVERLAPS, "tile")


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
    - `vote` moves the window in steps of a quarter, and takes the class that most windows see. For
      models of small patches, such as U-SegNet.
    - `tile` fits tiles together by what is inside of their margins, and mirrors the image at its
      border. For models with logits smaller than their image (U-Net with `padding="valid"`), and
      the only mode for them.

    Args:
        model: A model of the project: images (B, h, w, C) to a dict whose `"logits"` are
            (B, h, w, num_classes), or smaller by the same margin at opposite sides. With
            `num_classes=1`, class 1 is where the logit is above 0.
        mode: One of `MODES`; None for `tile` where logits are smaller, and for `resize` elsewhere.
        overlap: For `slide` and `vote`: share of a window's side that the next window covers too;
            None for that of `OVERLAPS`.
        progress: For `slide`, `vote` and `tile`: called after each window with (windows done, all
            windows).

    Attributes:
        input_size: Height and width in pixels that the model takes.
        mode: The mode that is used.

    Raises:
        ValueError: If the mode is unknown or none for this model, or the model has no fixed size.
    """

    def __init__(
        self,
        model: keras.Model,
        mode: str | None = None,
        overlap: float | None = None,
        progress: Progress | None = None,
    ):
        self._margin = margin_of(model)
        self.mode = mode or ("tile" if any(self._margin) else "resize")
        check_mode(self.mode, self._margin)
        self._overlap = OVERLAPS.get(self.mode, 0.0) if overlap is None else overlap
        if not 0 <= self._overlap < 1:
            raise ValueError(f"overlap is {overlap}, expected a share from 0 to below 1.")
        # Only the way to the logits is run: auxiliary heads cost time and help training alone.
        self._model = keras.Model(model.input, model.output["logits"])
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
        """Logits of every pixel: float32 (H, W, num_classes), for an image as in the call.

        With `vote`, they are the shares of the windows that see each class.
        """
        return np.concatenate(list(self._logit_rows(image)))

    def _logit_rows(self, image: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the logits (rows, W, num_classes) of an image from top to bottom."""
        self._check(image)
        if self.mode == "resize":
            yield self._resized_logits(image)
            return
        if self.mode == "tile":
            size, margin = self.input_size, self._margin
            yield from overlap_tile(image, self._run, size, margin, self._progress)
            return
        height, width = image.shape[:2]
        if self.mode == "pad" and (height > self.input_size[0] or width > self.input_size[1]):
            raise ValueError(
                f"An image of {height}x{width} pixels cannot be padded to the model's "
                f"{self.input_size[0]}x{self.input_size[1]}. Use the mode 'slide', or 'resize'."
            )
        image = _pad_to_at_least(image, self.input_size)
        score = self._votes if self.mode == "vote" else self._run
        for rows in slide(image, score, self.input_size, self._overlap, self._progress):
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

    def _votes(self, window: np.ndarray) -> np.ndarray:
        """One vote a pixel, float32 (h, w, num_classes): 1 for its class, 0 for the others."""
        logits = self._run(window)
        if logits.shape[-1] == 1:
            return np.where(logits > 0, np.float32(0.5), np.float32(-0.5))
        return np.eye(logits.shape[-1], dtype="float32")[logits.argmax(axis=-1)]

    def _check(self, image: np.ndarray) -> None:
        channels = self._model.input_shape[-1]
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != channels:
            raise ValueError(
                f"The image is {image.dtype} {image.shape}, expected uint8 (height, width, "
                f"{channels}). Convert it first, 16 bits by scaling to 0 to 255."
            )


def margin_of(model: keras.Model) -> tuple[int, int]:
    """Rows and columns at each side of an image that a model gives no logits for.

    Raises:
        ValueError: If its size is open, or its logits do not lie in the middle of the image.
    """
    size, inner = model.input_shape[1:3], model.output["logits"].shape[1:3]
    if None not in (*size, *inner):
        surplus = [outer - extent for outer, extent in zip(size, inner, strict=True)]
        if all(pixels >= 0 and pixels % 2 == 0 for pixels in surplus):
            return surplus[0] // 2, surplus[1] // 2
    raise ValueError(
        f"{model.name} takes {model.input_shape[1:]} and gives logits of {inner}; expected one "
        f"fixed size for both, or the same margin at opposite sides. Build the model with that "
        f"`input_shape`."
    )


def check_mode(mode: str, margin: tuple[int, int]) -> None:
    """Raises ValueError unless the mode is known and suits a model with that margin."""
    if mode not in MODES:
        raise ValueError(f"Unknown mode {mode!r}. Choose one of: {', '.join(MODES)}.")
    if (mode == "tile") != any(margin):
        fits = "'tile'" if any(margin) else "any but 'tile'"
        raise ValueError(
            f"The mode {mode!r} does not suit a model whose logits are {margin} pixels smaller "
            f"than its image at each side. Use {fits}."
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
