"""Random changes of a training image and its label, in NumPy and OpenCV.

An image and its label pass every geometric step together: one window of the original is cut out
and resized once, bilinear for the image and nearest for the label. Colours change last and only
in the image. All chance comes from the generator that is handed in.
"""

import dataclasses

import cv2
import numpy as np

from seg_keras.data.labels import IGNORE_LABEL


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """How far training images may differ from the originals.

    Args:
        scale_range: Smallest and largest magnification, drawn log-uniformly.
        flip: Whether to mirror half of the images left to right.
        jitter: Strength of brightness, contrast, saturation, hue and gamma changes; 0 for none, 1
            for the usual strength.
        blur: Share of the images that are softened and made noisy, like a poor camera's.
    """

    scale_range: tuple[float, float] = (0.5, 2.0)
    flip: bool = True
    jitter: float = 1.0
    blur: float = 0.1


def augment(
    image: np.ndarray,
    label: np.ndarray,
    crop_size: tuple[int, int],
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Gives a random view of an image (H, W, C) and its label (H, W).

    Args:
        image: uint8 or float, [0, 255].
        label: uint8 training ids.
        crop_size: (height, width) of the result in pixels; what lies outside of the image is black
            and labelled 255.
        augmentation: How far the view may differ from the original.
        rng: Decides everything; the same state gives the same view.

    Returns:
        Image float32 (*crop_size, C) in [0, 255] and label int32 (*crop_size).
    """
    low, high = np.log(augmentation.scale_range)
    window = random_window(label.shape, crop_size, np.exp(rng.uniform(low, high)), rng)
    mirrored = augmentation.flip and rng.random() < 0.5
    image = resample(image, window, crop_size, cv2.INTER_LINEAR, 0)
    label = resample(label, window, crop_size, cv2.INTER_NEAREST, IGNORE_LABEL)
    if mirrored:
        image, label = image[:, ::-1], label[:, ::-1]
    image = np.ascontiguousarray(image, "float32")
    if augmentation.jitter and image.shape[-1] == 3:
        image = jitter_colors(image, augmentation.jitter, rng)
    if rng.random() < augmentation.blur:
        image = soften(image, rng)
    return np.clip(image, 0, 255), np.ascontiguousarray(label, "int32")


def random_window(size, crop_size, scale: float, rng) -> tuple[int, int, int, int]:
    """Top, left, height, width in the original; it may reach beyond where the crop is larger."""
    window = []
    for extent, crop in zip(size, crop_size, strict=True):
        length = max(1, round(crop / scale))
        # Where the window is larger than the image, the image lies anywhere inside of it.
        spare = extent - length
        window.append((int(rng.integers(min(spare, 0), max(spare, 0), endpoint=True)), length))
    (top, height), (left, width) = window
    return top, left, height, width


def resample(array, window, crop_size, interpolation: int, fill: int) -> np.ndarray:
    """Cuts a window out of (H, W) or (H, W, C) and resizes it; `fill` outside of the array."""
    top, left, height, width = window
    rows = slice(max(top, 0), min(top + height, array.shape[0]))
    columns = slice(max(left, 0), min(left + width, array.shape[1]))
    patch = np.full((height, width, *array.shape[2:]), fill, array.dtype)
    patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = array[
        rows, columns
    ]
    shrinks = interpolation == cv2.INTER_LINEAR and height > crop_size[0]
    # Averaging keeps thin things whole where bilinear sampling would skip pixels.
    method = cv2.INTER_AREA if shrinks else interpolation
    resized = cv2.resize(patch, crop_size[::-1], interpolation=method)
    return resized.reshape(*crop_size, *array.shape[2:])  # OpenCV drops a single channel


def jitter_colors(image: np.ndarray, strength: float, rng) -> np.ndarray:
    """Changes brightness, contrast, saturation, hue and gamma of RGB float32 (H, W, 3)."""
    brightness, contrast, saturation, hue, gamma = rng.uniform(-strength, strength, 5)
    # Saturation scales and hue turns the plane that is orthogonal to grey: one 3x3 matrix.
    gray = np.full((3, 3), 1 / 3)
    angle = 0.3 * hue
    turn = np.cos(angle) * (np.eye(3) - gray) + np.sin(angle) / np.sqrt(3) * np.array(
        [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    )
    matrix = (1 + 0.4 * contrast) * (gray + (1 + 0.5 * saturation) * turn)
    mean = float(image.mean())
    shift = 40 * brightness + mean - (1 + 0.4 * contrast) * mean
    image = cv2.transform(image, np.column_stack([matrix, np.full(3, shift)]).astype("float32"))
    return 255 * (np.clip(image, 0, 255) / 255) ** np.float32(2 ** (0.6 * gamma))


def soften(image: np.ndarray, rng) -> np.ndarray:
    """Blurs a float32 image with a random width and adds sensor noise."""
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5)).reshape(image.shape)
    return image + rng.normal(0, rng.uniform(0, 8), image.shape).astype("float32")
