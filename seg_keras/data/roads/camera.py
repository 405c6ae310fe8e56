"""A pinhole camera over a flat world: metres in, pixels out.

World axes are x (east), y (up), z (north) in metres; a heading is the angle in radians from
z towards x. View axes are x (right), y (down), z (forward, the depth). Pixels are (x, y) with the
centre of the top left pixel at (0, 0).
"""

import dataclasses
import functools
import math

import numpy as np

NEAR = 0.3  # metres; what is closer to the camera plane is cut off


def forward(heading: float) -> np.ndarray:
    """The horizontal unit vector (3,) of a heading."""
    return np.array((math.sin(heading), 0.0, math.cos(heading)))


def rightward(heading: float) -> np.ndarray:
    """The horizontal unit vector (3,) to the right of a heading."""
    return np.array((math.cos(heading), 0.0, -math.sin(heading)))


def turn(points: np.ndarray, heading: float) -> np.ndarray:
    """Turns points (N, 3), given as right, up and forward, to world axes."""
    cos, sin = math.cos(heading), math.sin(heading)
    return points @ np.array(((cos, 0.0, -sin), (0.0, 1.0, 0.0), (sin, 0.0, cos)))


@dataclasses.dataclass(frozen=True)
class Polygons:
    """Many polygons, the corners of all in one array, so that they can be moved at once.

    Args:
        points: The corners (P, 3), one polygon after the other.
        lengths: How many corners each polygon has (F,).
    """

    points: np.ndarray
    lengths: np.ndarray

    @classmethod
    def join(cls, polygons: list[np.ndarray]) -> "Polygons":
        """Joins polygons, each (N, 3)."""
        lengths = np.array([len(points) for points in polygons], "int64")
        return cls(np.concatenate([np.zeros((0, 3)), *polygons]), lengths)

    @functools.cached_property
    def starts(self) -> np.ndarray:
        """The index in `points` of the first corner of each polygon (F,)."""
        return np.cumsum(self.lengths) - self.lengths

    def only(self, chosen: np.ndarray) -> "Polygons":
        """The polygons where `chosen` (F,) is True."""
        return Polygons(self.points[np.repeat(chosen, self.lengths)], self.lengths[chosen])

    def moved(self, place: np.ndarray, heading: float) -> "Polygons":
        """From the axes right, up, forward of a thing to where it stands in the world."""
        return Polygons(turn(self.points, heading) + place, self.lengths)

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """Cuts an array with a row per corner (P, ...) into one array per polygon."""
        ends = (self.starts + self.lengths).tolist()
        return [rows[start:end] for start, end in zip(self.starts.tolist(), ends, strict=True)]


@dataclasses.dataclass(frozen=True)
class Camera:
    """Where the camera is and how it looks.

    Args:
        position: World coordinates (3,) in metres.
        heading: Direction in radians.
        pitch: Radians above the horizon.
        roll: Radians, clockwise as the driver sees it.
        focal: Focal length in pixels.
        size: (height, width) of the image in pixels.
    """

    position: np.ndarray
    heading: float
    pitch: float
    roll: float
    focal: float
    size: tuple[int, int]

    @functools.cached_property
    def axes(self) -> np.ndarray:
        """The view axes right, down and forward as rows (3, 3) in world coordinates."""
        right, ahead, up = rightward(self.heading), forward(self.heading), np.array([0.0, 1.0, 0.0])
        down = ahead * np.sin(self.pitch) - up * np.cos(self.pitch)
        ahead = ahead * np.cos(self.pitch) + up * np.sin(self.pitch)
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack([right * cos + down * sin, down * cos - right * sin, ahead])

    @functools.cached_property
    def center(self) -> np.ndarray:
        """The pixel (x, y) that the camera looks at."""
        return np.array([(self.size[1] - 1) / 2, (self.size[0] - 1) / 2])

    def shrunk(self, factor: int) -> "Camera":
        """The same camera with pixels that are `factor` times as large a side."""
        size = (self.size[0] // factor, self.size[1] // factor)
        return dataclasses.replace(self, focal=self.focal / factor, size=size)

    def view(self, points: np.ndarray) -> np.ndarray:
        """Turns world points (N, 3) to view axes (N, 3)."""
        return (points - self.position) @ self.axes.T

    def pixels(self, view: np.ndarray) -> np.ndarray:
        """Projects view points (N, 3) to pixels (N, 2), sensible in front of the camera only."""
        return view[:, :2] * (self.focal / np.maximum(view[:, 2:], NEAR)) + self.center

    def outline(self, points: np.ndarray) -> np.ndarray:
        """Projects a world polygon (N, 3), cut off at the near plane, to pixels (M, 2)."""
        return self.pixels(cut_near(self.view(points)))

    def outlines(self, polygons: Polygons) -> list[np.ndarray]:
        """Projects many world polygons: pixels (M, 2) of each, none (0, 2) behind the camera."""
        if len(polygons.points) == 0:
            return []
        view = self.view(polygons.points)
        parts = polygons.split(self.pixels(view))
        nearest = np.minimum.reduceat(view[:, 2], polygons.starts)
        for index in np.flatnonzero(nearest < NEAR):
            start = polygons.starts[index]
            part = view[start : start + polygons.lengths[index]]
            parts[index] = self.pixels(cut_near(part))
        return parts

    def plane(self, origin: np.ndarray, across: np.ndarray, along: np.ndarray) -> np.ndarray:
        """The homography (3, 3) that takes (a, b) to the pixel of origin + a*across + b*along."""
        intrinsics = np.array(
            [[self.focal, 0, self.center[0]], [0, self.focal, self.center[1]], [0, 0, 1]]
        )
        return intrinsics @ self.axes @ np.stack([across, along, origin - self.position], axis=1)

    @property
    def horizon(self) -> float:
        """The row of the horizon in the middle column, which may be outside the image."""
        return float(self.center[1] + self.focal * math.tan(self.pitch))


def cut_near(view: np.ndarray) -> np.ndarray:
    """Cuts a polygon of view points (N, 3) at the near plane; nothing may be left, (0, 3)."""
    inside = view[:, 2] >= NEAR
    if inside.all():
        return view
    if not inside.any():
        return view[:0]
    following = np.roll(np.arange(len(view)), -1)
    edges = view[following] - view
    crossing = inside != inside[following]
    shares = (NEAR - view[:, 2]) / np.where(crossing, edges[:, 2], 1.0)
    corners = np.stack([view, view + shares[:, None] * edges], axis=1)
    return corners[np.stack([inside, crossing], axis=1)]
