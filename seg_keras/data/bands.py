"""TIFF images of any number of bands, pages and bits, and their way to [0, 255]."""

import struct
from pathlib import Path

import numpy as np
import tifffile


def read_tiff(path: Path) -> np.ndarray:
    """Decodes a TIFF with all its pages and bands as they are stored.

    Args:
        path: Bands may lie apart or pixel by pixel.

    Returns:
        (H, W), (H, W, bands), or (pages, H, W) for a file of several pages, in the file's type.

    Raises:
        ValueError: If the file does not decode; where a compression needs a further package, the
            message names it.
    """
    try:
        with tifffile.TiffFile(path) as file:
            series = file.series[0]
            pixels, axes = series.asarray(), series.axes
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file.") from None
    except (ValueError, OSError, IndexError, struct.error) as error:
        remedy = "Replace the file"
        if "imagecodecs" in str(error):
            remedy = "Install the package: pip install imagecodecs"
        raise ValueError(f"{path}: cannot be decoded ({error}). {remedy}.") from None
    # Bands stored one after the other ("SYX") come first.
    return np.moveaxis(pixels, 0, -1) if axes == "SYX" else pixels


def stretch(image: np.ndarray) -> np.ndarray:
    """Scales each band from its own least and greatest value to 0 to 255, as uint8.

    `gdal_translate -ot Byte -scale` does the same, so that scenes can be prepared for a trained
    model. An image of 8 bits stays as it is.

    Args:
        image: (H, W, bands).
    """
    if image.dtype == np.uint8:
        return image
    low, high = (limit(image, axis=(0, 1), keepdims=True) for limit in (np.min, np.max))
    span = np.maximum(high.astype("float64") - low, 1e-9)
    return np.rint((image.astype("float32") - low) * (255 / span)).astype("uint8")
