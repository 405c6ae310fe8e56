"""Class ids as indexed PNGs: every pixel is its class, and viewers show it in the class color.

OpenCV cannot write a palette, so the few chunks of the format are put together here
(https://www.w3.org/TR/png-3/).
"""

import contextlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.video.frame import Frame

SIGNATURE = b"\x89PNG\r\n\x1a\n"
INDEXED = 3


def encode_mask(classes: np.ndarray, palette: Sequence[Sequence[int]]) -> bytes:
    """A PNG of class ids.

    Args:
        classes: Ids, uint8 (H, W).
        palette: One (red, green, blue) per class; ids beyond it are shown black.
    """
    height, width = classes.shape
    header = struct.pack(">IIBBBBB", width, height, 8, INDEXED, 0, 0, 0)
    colors = np.zeros((max(len(palette), int(classes.max()) + 1), 3), "uint8")
    colors[: len(palette)] = palette
    rows = np.zeros((height, width + 1), "uint8")  # every row begins with its filter: none
    rows[:, 1:] = classes
    # Runs of equal ids are nearly all there is; looking for more takes ten times as long.
    squeeze = zlib.compressobj(1, strategy=zlib.Z_RLE)
    pixels = squeeze.compress(rows.data) + squeeze.flush()
    chunks = ((b"IHDR", header), (b"PLTE", colors.tobytes()), (b"IDAT", pixels), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


class Masks:
    """A sink that saves the classes of each frame, named after its index.

    Args:
        folder: Where `00000000.png` and so on go.
        palette: One (red, green, blue) per class.
    """

    def __init__(self, folder: str | Path, palette: Sequence[Sequence[int]]):
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._palette = palette

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Saves the classes of a frame; without any, nothing."""
        if frame.classes is None:
            return
        path = self._folder / f"{frame.index:08d}.png"
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_bytes(encode_mask(frame.classes, self._palette))
            partial.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise OSError(error.errno, error.strerror, str(path)) from error

    def close(self) -> None:
        """Every file is finished already."""


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
