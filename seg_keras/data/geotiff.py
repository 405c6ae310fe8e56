"""GeoTIFF: where on the earth the pixels of a scene lie, kept for the classes of the scene.

The tags are copied as they stand in the file and never interpreted, so every projection
survives, also one that no library here knows.

Reference: OGC GeoTIFF Standard 1.1, https://docs.ogc.org/is/19-008r4/19-008r4.html
"""

import struct
from pathlib import Path

import numpy as np
import tifffile

from seg_keras.data.labels import LabelSpace
from seg_keras.data.whole_file import whole_file

TIFF_SUFFIXES = (".tif", ".tiff")
GEO_TAGS = {
    33550: "ModelPixelScale",
    33922: "ModelTiepoint",
    34264: "ModelTransformation",
    34735: "GeoKeyDirectory",
    34736: "GeoDoubleParams",
    34737: "GeoAsciiParams",
    42113: "GDAL_NODATA",
}
ExtraTag = tuple[int, int, int, object, bool]  # code, type, count, value, only on the first page


def read_georeference(path: Path) -> list[ExtraTag]:
    """Reads the tags that place an image on the earth.

    Args:
        path: Any image file.

    Returns:
        The tags as `write_geotiff` takes them; empty where the file is no TIFF or has none.

    Raises:
        ValueError: If the file is a damaged TIFF, or its samples are wider than 8 bits.
    """
    if path.suffix.lower() not in TIFF_SUFFIXES:
        return []
    try:
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            sample_type = page.dtype
            tags = [_copy(page.tags[code]) for code in GEO_TAGS if code in page.tags]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file.") from None
    except (ValueError, OSError, IndexError, struct.error) as error:
        raise ValueError(f"{path}: is no readable TIFF ({error}). Replace the file.") from None
    if sample_type is not None and sample_type.itemsize > 1:
        raise ValueError(
            f"{path}: holds {sample_type} samples, expected 8 bits. Scale it as the training "
            f"images were, such as with gdal_translate -ot Byte -scale."
        )
    return tags


def _copy(tag: tifffile.TiffTag) -> ExtraTag:
    """A tag as it is written again."""
    if isinstance(tag.value, str):  # its count is left to the writer, which ends it with a zero
        return tag.code, int(tag.dtype), 0, tag.value.encode(), True
    return tag.code, int(tag.dtype), tag.count, tag.value, True


def write_geotiff(
    path: Path, classes: np.ndarray, label_space: LabelSpace, georeference: list[ExtraTag]
) -> None:
    """Writes class ids as a GeoTIFF that shows in its colors.

    Args:
        path: The file to write.
        classes: uint8 ids (H, W).
        label_space: Gives the palette.
        georeference: From `read_georeference` of an image of the same size.
    """
    palette = label_space.colorize(np.arange(256, dtype="uint8"))
    with whole_file(path) as partial:
        tifffile.imwrite(
            partial,
            classes,
            photometric="palette",
            colormap=palette.T.astype("uint16") * 257,  # 8 to 16 bits, 255 to 65535
            compression="zlib",
            metadata=None,
            extratags=georeference,
        )
