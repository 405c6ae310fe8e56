"""A contact sheet: a whole drive at one glance, as evenly spaced frames in one picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from deploy.video.frame import Frame

TILE_WIDTH = 640
GAP = 8  # pixels between the tiles and around them
GROUND = (16, 20, 26)


def contact_sheet(images: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Arranges images of one size in rows.

    Args:
        images: At least one, RGB, uint8 (H, W, 3).
        columns: Images beside each other, at least 1.

    Returns:
        RGB, uint8, with a dark gap between and around the images.
    """
    height, width = images[0].shape[:2]
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    size = rows * (height + GAP) + GAP, columns * (width + GAP) + GAP
    sheet = np.full((*size, 3), GROUND, "uint8")
    for index, image in enumerate(images):
        top = GAP + (index // columns) * (height + GAP)
        left = GAP + (index % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


class ContactSheet:
    """A sink that keeps evenly spaced pictures of a stream of unknown length, and saves them.

    At most four times as many pictures as asked for are kept, in the size of the sheet: whenever
    that many are there, every second one goes and from then on only every second one comes.

    Args:
        path: The PNG to make; nothing is made if no picture comes.
        count: How many pictures to show; fewer if fewer come.
        columns: Pictures beside each other.
    """

    def __init__(self, path: str | Path, count: int = 6, columns: int = 3):
        self.path = Path(path)
        if self.path.suffix.lower() != ".png":
            raise ValueError(f"Contact sheets are PNG files: give a name ending in .png: {path}.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._count, self._columns = count, columns
        self._kept, self._seen, self._every = [], 0, 1

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Keeps a small copy of the picture if it is its turn."""
        if self._seen % self._every == 0:
            if len(self._kept) == 4 * self._count:
                self._kept = self._kept[::2]
                self._every *= 2
            if self._seen % self._every == 0:
                self._kept.append(self._tile(picture))
        self._seen += 1

    def chosen(self) -> list[np.ndarray]:
        """The pictures so far that the sheet would show: the middles of equal parts."""
        count = min(self._count, len(self._kept))
        return [self._kept[int((part + 0.5) * len(self._kept) / count)] for part in range(count)]

    def close(self) -> None:
        """Saves the sheet; written beside and renamed."""
        if not self._kept:
            return
        sheet = contact_sheet(self.chosen(), self._columns)
        sheet = cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)
        partial = self.path.with_name(f"{self.path.stem}.partial.png")
        if not cv2.imwrite(str(partial), sheet):
            raise RuntimeError(f"The contact sheet {partial} cannot be written. Is the disk full?")
        partial.replace(self.path)

    def _tile(self, picture: np.ndarray) -> np.ndarray:
        if self._kept:
            height, width = self._kept[0].shape[:2]
        else:
            height, width = picture.shape[:2]
            width, height = min(width, TILE_WIDTH), round(height * min(1, TILE_WIDTH / width))
        return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
