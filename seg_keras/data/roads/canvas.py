"""A picture whose fourth channel is its label, so that the two cannot disagree.

The canvas has twice the pixels a side that the result has: averaging them gives the picture soft
edges, while each pixel of the label keeps one class.
"""

import enum

import cv2
import numpy as np

from seg_keras.data.labels import CAMVID_CLASSES, IGNORE_LABEL

SUPERSAMPLING = 2
SUBPIXEL_BITS = 4  # OpenCV's fixed-point coordinates; with whole pixels, motion would shake

# The position of a class in the label space is its id: Class.SKY, Class.BUILDING, ...
Class = enum.IntEnum("Class", [name.upper() for name in CAMVID_CLASSES.names], start=0)

Window = tuple[slice, slice]

_STEPS = np.linspace(-1, 1, 65, dtype="float32") ** 2
_GLOW = (np.maximum(1 - _STEPS[:, None] - _STEPS, 0) ** 3 * 255).astype("uint8")


class Canvas:
    """What has been painted so far.

    Args:
        size: (height, width) of the canvas in pixels.

    Attributes:
        pixels: uint8 (H, W, 4): red, green, blue and, as the fourth channel, the class.
    """

    def __init__(self, size: tuple[int, int]):
        self.pixels = np.full((*size, 4), IGNORE_LABEL, "uint8")

    def window(self, pixels: np.ndarray) -> Window | None:
        """The rows and columns around pixels (N, 2), from even to even; None outside the canvas."""
        if len(pixels) == 0:
            return None
        height, width = self.pixels.shape[:2]
        (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
        rows = slice(max(int(top) // 2 * 2, 0), min(int(bottom) // 2 * 2 + 2, height))
        columns = slice(max(int(left) // 2 * 2, 0), min(int(right) // 2 * 2 + 2, width))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return rows, columns

    def fill(self, outline: np.ndarray, color, label: int) -> None:
        """Fills a polygon of pixels (N, 2); fewer than 3 of them are nothing."""
        self.fill_all([outline], [color], [label])

    def fill_all(self, outlines, colors, labels) -> None:
        """Fills polygons, each of pixels (N, 2), with their colors and labels."""
        if len(outlines) == 0:
            return
        points = fixed_point(np.concatenate(outlines))
        start = 0
        for outline, color, label in zip(outlines, colors, labels, strict=True):
            end = start + len(outline)
            if end - start > 2:
                value = (*color, label)
                cv2.fillPoly(self.pixels, [points[start:end]], value, shift=SUBPIXEL_BITS)
            start = end

    def line(self, outline: np.ndarray, width: float, color, label: int) -> None:
        """Draws a closed line through pixels (N, 2), at least one pixel wide."""
        points, thickness = [fixed_point(outline)], max(1, round(width))
        value = (*color, label)
        cv2.polylines(self.pixels, points, True, value, thickness, shift=SUBPIXEL_BITS)

    def veil(self, outline: np.ndarray, color, opacity: float, label: int) -> None:
        """Blends a polygon over the picture, such as turning spokes; its label is whole."""
        area = self.window(outline)
        if area is None:
            return
        behind = self.pixels[area].copy()
        self.fill(outline, color, label)
        labels = cv2.extractChannel(self.pixels[area], 3)
        mixed = cv2.addWeighted(self.pixels[area], opacity, behind, 1 - opacity, 0)
        self.pixels[area] = cv2.insertChannel(labels, mixed, 3)

    def stamp(self, area: Window, picture: np.ndarray, stencil: np.ndarray) -> None:
        """Copies pixels (h, w, 4) into a window where a stencil (h, w) is not 0."""
        cv2.copyTo(picture, stencil, self.pixels[area])

    def blend(self, area: Window, picture: np.ndarray, stencil: np.ndarray, label: int) -> None:
        """Blends colors with opacity (h, w, 4) into a window; the label is that of the stencil."""
        opacity = cv2.extractChannel(picture, 3).astype("float32") / 255
        mixed = cv2.blendLinear(picture, self.pixels[area], opacity, 1 - opacity)
        mixed[..., 3] = label
        self.stamp(area, mixed, stencil)

    def glow(self, center: np.ndarray, radius: float, color) -> None:
        """Adds light that fades with the distance from a pixel; no class changes."""
        x, y, reach = round(float(center[0])), round(float(center[1])), int(radius)
        height, width = self.pixels.shape[:2]
        top, bottom = max(y - reach, 0), min(y + reach, height)
        left, right = max(x - reach, 0), min(x + reach, width)
        if reach < 1 or top >= bottom or left >= right:
            return
        shape = cv2.resize(_GLOW, (2 * reach, 2 * reach))
        light = cv2.transform(shape, np.array([*color, 0.0], "float32")[:, None])
        part = light[top - y + reach : bottom - y + reach, left - x + reach : right - x + reach]
        behind = self.pixels[top:bottom, left:right]
        cv2.add(behind, part, dst=behind)

    def result(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The averaged picture (H, W, 3) and, of one canvas pixel per pixel, the label (H, W)."""
        image = cv2.resize(self.pixels, size[::-1], interpolation=cv2.INTER_AREA)
        label = self.pixels[::SUPERSAMPLING, ::SUPERSAMPLING, 3].copy()
        return cv2.cvtColor(image, cv2.COLOR_RGBA2RGB), label


def fixed_point(pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, 2) as the integers that OpenCV takes with `shift=SUBPIXEL_BITS`."""
    return np.rint(pixels * (1 << SUBPIXEL_BITS)).astype("int32")
