"""Geometric views: where each pixel of a crop lies in the original.

Scaling, cropping, mirroring, turning and bending are composed into one map from the pixels of the
crop to the original. An image is interpolated once through it, bilinearly; its label, its instances
and all frames of a sequence go through the very same map, labels to the nearest pixel.
"""

import dataclasses
import functools

import cv2
import numpy as np

from seg_keras.data.elastic import dense_field
from seg_keras.data.labels import IGNORE_LABEL

Window = tuple[int, int, int, int]  # top, left, height, width in pixels of the original
Points = tuple[np.ndarray, np.ndarray]  # y and x in the original, each (h, w)

BANDS_AT_ONCE = 4  # more, OpenCV does not take in every method


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """One way to look at an image and at everything that belongs to it.

    Args:
        window: What the crop shows, where nothing turns or bends it; may reach beyond the image.
        size: (height, width) of the crop in pixels.
        mirrored: Whether left and right change places.
        angle: By how much the picture is turned around its centre, counter-clockwise, in radians.
        displacements: From `draw_displacements`, in pixels of the crop; None for no bending.
        border: What is seen beyond the image: "void", which is black and ignored, or "mirror".
    """

    window: Window
    size: tuple[int, int]
    mirrored: bool = False
    angle: float = 0.0
    displacements: np.ndarray | None = None
    border: str = "void"

    def image(self, image: np.ndarray) -> np.ndarray:
        """Shows (H, W, C), or frames (T, H, W, C), as (*size, C) or (T, *size, C)."""
        if image.ndim == 4:
            return np.stack([self.image(frame) for frame in image])
        if image.shape[-1] > BANDS_AT_ONCE:
            starts = range(0, image.shape[-1], BANDS_AT_ONCE)
            parts = [self.image(image[..., start : start + BANDS_AT_ONCE]) for start in starts]
            return np.concatenate(parts, axis=-1)
        if self._upright:
            cut = resample(image, self.window, self.size, cv2.INTER_LINEAR, 0)
            return cut[:, ::-1] if self.mirrored else cut
        shown = interpolate(image, self._within(self._points, image.shape))
        if self._samples > 1:
            # Averaging keeps thin things whole where bilinear sampling would skip pixels.
            shown = cv2.resize(shown, self.size[::-1], interpolation=cv2.INTER_AREA)
            shown = shown.reshape(*self.size, -1)  # OpenCV drops a single channel
        if self.border == "void":
            shown[self._nearest(image.shape)[2]] = 0
        return shown

    def label(self, label: np.ndarray, fill: int = IGNORE_LABEL) -> np.ndarray:
        """Shows ids (H, W), or frames of ids (T, H, W); `fill` where there is no image."""
        if label.ndim == 3:
            return np.stack([self.label(frame, fill) for frame in label])
        if self._upright:
            cut = resample(label, self.window, self.size, cv2.INTER_NEAREST_EXACT, fill)
            return cut[:, ::-1] if self.mirrored else cut
        rows, columns, outside = self._nearest(label.shape)
        shown = label[rows, columns]
        shown[outside] = fill
        return shown

    @property
    def _upright(self) -> bool:
        """Whether it is a plain window, which is resized faster than it is looked up."""
        return self.angle == 0 and self.displacements is None and self.border == "void"

    @property
    def _samples(self) -> int:
        """How many points a side a pixel of the crop is the mean of."""
        _, _, height, width = self.window
        return max(1, round(max(height / self.size[0], width / self.size[1])))

    @functools.cached_property
    def _centers(self) -> Points:
        """Where the middle of each pixel of the crop lies."""
        return source_points(self, 1)

    @functools.cached_property
    def _points(self) -> Points:
        """Where the points lie that an image is looked up at."""
        return self._centers if self._samples == 1 else source_points(self, self._samples)

    def _within(self, points: Points, shape: tuple[int, ...]) -> Points:
        """The points, folded back into the image where it is mirrored at its border."""
        if self.border != "mirror":
            return points
        return reflect(points[0], shape[0]), reflect(points[1], shape[1])

    def _nearest(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row and column of the nearest pixel of the image, and whether there is none."""
        rows, columns = (np.rint(p).astype("int32") for p in self._within(self._centers, shape))
        height, width = shape[:2]
        outside = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
        return rows.clip(0, height - 1), columns.clip(0, width - 1), outside


def source_points(view: View, samples: int) -> Points:
    """Where a lattice of `samples` x `samples` points in each pixel of the crop lies, float32."""
    (top, left, height, width), size = view.window, view.size
    places = [(np.arange(n * samples, dtype="float32") + 0.5) / (n * samples) for n in size]
    # From the centre of the crop, in its pixels.
    y, x = ((place - 0.5) * n for place, n in zip(places, size, strict=True))
    y, x = np.broadcast_arrays(y[:, None], -x if view.mirrored else x)
    if view.displacements is not None:
        down, right = dense_field(view.displacements, *places)
        y, x = y + down, x + right
    y, x = y * np.float32(height / size[0]), x * np.float32(width / size[1])
    cosine, sine = np.float32(np.cos(view.angle)), np.float32(np.sin(view.angle))
    y, x = cosine * y + sine * x, cosine * x - sine * y
    # The middle of the first pixel has the coordinate 0.
    return y + np.float32(top + height / 2 - 0.5), x + np.float32(left + width / 2 - 0.5)


def interpolate(image: np.ndarray, points: Points) -> np.ndarray:
    """Looks an image (H, W, C) up at points, bilinearly; beyond it, its border goes on."""
    # Only the part that is seen: OpenCV looks nothing up beyond column 32767.
    seen, shifted = [], []
    for coordinates, extent in zip(points, image.shape, strict=False):
        first = int(np.clip(np.floor(coordinates.min()), 0, extent - 1))
        last = int(np.clip(np.ceil(coordinates.max()), 0, extent - 1))
        seen.append(slice(first, last + 1))
        shifted.append(coordinates - np.float32(first))
    y, x = shifted
    part = np.ascontiguousarray(image[tuple(seen)])
    found = cv2.remap(part, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(*y.shape, -1)  # OpenCV drops a single channel


def reflect(coordinates: np.ndarray, extent: int) -> np.ndarray:
    """Folds coordinates into 0 to extent - 1, as between two mirrors at the outer pixels."""
    last = np.float32(extent - 1)
    if last == 0:
        return np.zeros_like(coordinates)
    while coordinates.min() < 0 or coordinates.max() > last:
        coordinates = last - np.abs(last - np.abs(coordinates))
    return coordinates


def resample(array, window: Window, crop_size, interpolation: int, fill: int) -> np.ndarray:
    """Cuts a window out of (H, W) or (H, W, C) and resizes it; `fill` outside of the array."""
    top, left, height, width = window
    rows, columns = (
        slice(*np.clip((start, start + length), 0, extent))
        for start, length, extent in zip(window[:2], window[2:], array.shape, strict=False)
    )
    patch = np.full((height, width, *array.shape[2:]), fill, array.dtype)
    patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = array[
        rows, columns
    ]
    shrinks = interpolation == cv2.INTER_LINEAR and height > crop_size[0]
    # Averaging keeps thin things whole where bilinear sampling would skip pixels.
    method = cv2.INTER_AREA if shrinks else interpolation
    resized = cv2.resize(patch, crop_size[::-1], interpolation=method)
    return resized.reshape(*crop_size, *array.shape[2:])  # OpenCV drops a single channel
