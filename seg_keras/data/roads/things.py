"""What everything that stands in the street has in common."""

from typing import Protocol

import cv2
import numpy as np

from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.weather import Weather

SIGHT = 170.0  # metres ahead at which the largest things come into being
RISE = 0.3  # share of its sight over which a high thing grows, unseen in the haze

# The corners (N, 3) of a shadow on the ground, and the share of light that it takes away.
Shadow = tuple[np.ndarray, float]


class Thing(Protocol):
    """Something in the street.

    `anchor` is the world point (3,) whose depth decides the order of painting; for a long thing it
    is the far end, so that whatever stands along its side is painted later. `sight` is the depth
    in metres from which on it cannot be seen.
    """

    anchor: np.ndarray
    sight: float

    def paint(self, painter: Painter) -> None:
        """Paints it."""

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadows that it casts on the ground; below 0, light that it gives."""


def grown(depth: float, sight: float) -> float:
    """How much of its height a high thing has at a depth in metres, 0 to 1."""
    return float(np.clip((sight - depth) / (RISE * sight), 0.0, 1.0))


def cast(footprint: np.ndarray, height: float, weather: Weather) -> list[Shadow]:
    """The shadow of an upright block with a convex footprint (N, 3) and a height in metres."""
    if weather.shadow_strength < 0.05:
        return []
    shift = height * weather.shadow_offset
    both = np.concatenate([footprint[:, [0, 2]], footprint[:, [0, 2]] + shift])
    # OpenCV works in float32, too coarse for coordinates of a long drive.
    hull = both[cv2.convexHull((both - both[0]).astype("float32"), returnPoints=False)[:, 0]]
    points = np.stack([hull[:, 0], np.zeros(len(hull)), hull[:, 1]], axis=1)
    return [(points, 0.75 * weather.shadow_strength)]
