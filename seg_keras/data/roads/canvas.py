"""A picture and its label map that take the same strokes, so that they cannot disagree.

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


class Canvas:
    """What has been painted so far.

    Args:
        size: (height, width) of the canvas in pixels.
    """

    def __init__(self, size: tuple[int, int]):
        self.image = np.zeros((*size, 3), "uint8")
        self.label = np.full(size, IGNORE_LABEL, "uint8")

    def window(self, pixels: np.ndarray) -> Window | None:
        """The rows and columns around pixels (N, 2), from even to even; None outside the canvas."""
        if len(pixels) == 0:
            return None
        height, width = self.label.shape
        (left, top), (right, bottom) = pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist()
        rows = slice(max(int(top) // 2 * 2, 0), min(int(bottom) // 2 * 2 + 2, height))
        columns = slice(max(int(left) // 2 * 2, 0), min(int(right) // 2 * 2 + 2, width))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return None
        return rows, columns

    def fill(self, pixels: np.ndarray, color, label: int) -> None:
        """Fills a polygon of pixels (N, 2); fewer than 3 of them are nothing."""
        self.fill_all([pixels], [color], [label])

    def fill_all(self, outlines, colors, labels) -> None:
        """Fills polygons, each of pixels (N, 2), with their colors and labels."""
        if len(outlines) == 0:
            return
        points = fixed_point(np.concatenate(outlines))
        start = 0
        for outline, color, label in zip(outlines, colors, labels, strict=True):
            end = start + len(outline)
            if end - start > 2:
                polygon = [points[start:end]]
                cv2.fillPoly(self.image, polygon, color, shift=SUBPIXEL_BITS)
                cv2.fillPoly(self.label, polygon, label, shift=SUBPIXEL_BITS)
            start = end

    def line(self, pixels: np.ndarray, width: float, color, label: int) -> None:
        """Draws a closed line through pixels (N, 2), at least one pixel wide."""
        points, thickness = [fixed_point(pixels)], max(1, round(width))
        for target, value in ((self.image, color), (self.label, label)):
            cv2.polylines(target, points, True, value, thickness, shift=SUBPIXEL_BITS)

    def veil(self, pixels: np.ndarray, color, opacity: float, label: int) -> None:
        """Blends a polygon over the picture, such as turning spokes; its label is whole."""
        area = self.window(pixels)
        if area is None:
            return
        behind = self.image[area].copy()
        self.fill(pixels, color, label)
        cv2.addWeighted(self.image[area], opacity, behind, 1 - opacity, 0, dst=self.image[area])

    def stamp(self, area: Window, picture: np.ndarray, stencil: np.ndarray, label: int) -> None:
        """Copies a picture (h, w, 3) into a window where its stencil (h, w) is not 0.

        A picture with opacity (h, w, 4) lets shine through what is behind; its label is whole.
        """
        behind = self.image[area]
        if picture.shape[2] == 4:
            opacity = picture[..., 3].astype("float32") / 255
            picture = cv2.blendLinear(
                np.ascontiguousarray(picture[..., :3]), behind, opacity, 1 - opacity
            )
        cv2.copyTo(picture, stencil, behind)
        # Writing by a mask is much faster in OpenCV than in NumPy.
        cv2.copyTo(np.full(stencil.shape, label, "uint8"), stencil, self.label[area])

    def glow(self, center: np.ndarray, radius: float, color) -> None:
        """Adds light that fades with the distance from a pixel; no class changes."""
        area = self.window(center + [(-radius, -radius), (radius, radius)])
        if area is None or radius < 1:
            return
        rows, columns = np.ogrid[area]
        away = ((columns - center[0]) ** 2 + (rows - center[1]) ** 2) / radius**2
        light = np.clip(1 - away, 0, 1)[..., None] ** 3 * np.asarray(color, "float32")
        self.image[area] = cv2.add(self.image[area], light.astype("uint8"))

    def result(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The averaged picture and the label of one canvas pixel per pixel, both of `size`."""
        image = cv2.resize(self.image, size[::-1], interpolation=cv2.INTER_AREA)
        return image, np.ascontiguousarray(self.label[::SUPERSAMPLING, ::SUPERSAMPLING])


def fixed_point(pixels: np.ndarray) -> np.ndarray:
    """Pixels (N, 2) as the integers that OpenCV takes with `shift=SUBPIXEL_BITS`."""
    return np.rint(pixels * (1 << SUBPIXEL_BITS)).astype("int32")
