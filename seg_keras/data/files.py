"""Decoding image and label files, with errors that name the file and the remedy."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")


def is_image(path: Path) -> bool:
    """Whether a path is a visible file with the suffix of an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def read_image(path: Path) -> np.ndarray:
    """Decodes an image file to uint8 RGB (H, W, 3); 16 bits become 8, white stays white."""
    return _decode(path, to_rgb)


def read_label(path: Path) -> np.ndarray:
    """Decodes a label file to the ids it holds (H, W); a palette is never expanded to colors.

    Raises:
        ValueError: If the file holds colors or fractions instead of ids.
    """
    ids = _decode(path, lambda image: image.convert("L") if image.mode == "1" else image)
    if ids.ndim != 2:
        raise ValueError(
            f"{path}: a label needs one channel of class ids, got {ids.shape[-1]} channels "
            f"(colors?). Convert the colors to ids first."
        )
    if ids.dtype.kind not in "iu":
        raise ValueError(f"{path}: a label needs whole numbers, got {ids.dtype}. Save it as PNG.")
    return ids


def to_rgb(image: Image.Image) -> Image.Image:
    """An image of any mode as 8-bit RGB."""
    if image.mode.startswith("I;16"):  # of which Pillow would cut off all above 255
        image = Image.fromarray((np.asarray(image) >> 8).astype("uint8"))
    return image.convert("RGB")


def _decode(path: Path, convert) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(convert(image))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file.") from None
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise ValueError(
            f"{path}: cannot be decoded ({error}). Replace the file or remove it from the data set."
        ) from None
