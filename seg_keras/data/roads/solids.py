"""The shapes that things are made of: flat faces, and rounded limbs between joints.

Both are given in the axes right, up, forward of the thing, in metres.
"""

import dataclasses

import numpy as np

from seg_keras.data.roads.camera import Polygons
from seg_keras.data.roads.canvas import Class

Color = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class Solid:
    """Flat faces with all their points in one array.

    Args:
        faces: The corners of the faces.
        normals: Per face, the unit vector (F, 3) that points outwards.
        colors: Per face, its color (F, 3).
        classes: Per face, its class (F,).
        glows: Per face, the share (F, 1) of its color that is its own light.
        extents: Per face, how large (F,) it is in metres.
    """

    faces: Polygons
    normals: np.ndarray
    colors: np.ndarray
    classes: np.ndarray
    glows: np.ndarray
    extents: np.ndarray


class SolidBuilder:
    """Collects faces; later ones are painted over earlier ones.

    A face is seen only from the side where its points run counterclockwise.
    """

    def __init__(self):
        self._faces: list[np.ndarray] = []
        self._colors: list[Color] = []
        self._classes: list[Class] = []
        self._glows: list[float] = []

    def face(self, points, color: Color, label: Class, glow: float = 0.0) -> None:
        """Adds a face of `points` (N, 3); `glow` is the share of its color that it emits."""
        self._faces.append(np.asarray(points, "float64"))
        self._colors.append(color)
        self._classes.append(label)
        self._glows.append(glow)

    def box(self, low, high, color: Color, label: Class) -> None:
        """Adds a box between two corners, without its underside."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self.face([(x1, y0, z1), (x0, y0, z1), (x0, y1, z1), (x1, y1, z1)], color, label)
        self.face([(x0, y0, z1), (x0, y0, z0), (x0, y1, z0), (x0, y1, z1)], color, label)
        self.face([(x1, y0, z0), (x1, y0, z1), (x1, y1, z1), (x1, y1, z0)], color, label)
        self.face([(x0, y1, z0), (x1, y1, z0), (x1, y1, z1), (x0, y1, z1)], color, label)
        self.face([(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)], color, label)

    def build(self) -> Solid:
        """Freezes the faces."""
        faces = Polygons.join(self._faces)
        following = np.roll(faces.points, -1, axis=0)
        following[faces.starts + faces.lengths - 1] = faces.points[faces.starts]
        # Newell's method. The axes are left-handed, which turns the sign of the cross product.
        normals = -np.add.reduceat(np.cross(faces.points, following), faces.starts)
        highs, lows = (
            limit.reduceat(faces.points, faces.starts) for limit in (np.maximum, np.minimum)
        )
        return Solid(
            faces=faces,
            normals=normals / np.linalg.norm(normals, axis=1, keepdims=True),
            colors=np.array(self._colors, "float64"),
            classes=np.array(self._classes),
            glows=np.array(self._glows)[:, None],
            extents=(highs - lows).max(axis=1),
        )


@dataclasses.dataclass(frozen=True)
class Limb:
    """A rounded stick between two joints of a figure.

    Args:
        start: The joint where it starts.
        end: The joint where it ends.
        radii: Its radius in metres at either joint.
        color: Its color.
    """

    start: str
    end: str
    radii: tuple[float, float]
    color: Color


class Figure:
    """Limbs with all their numbers in arrays.

    Args:
        limbs: The sticks that make it up.
        joints: The names of its joints, in the order in which their places will be given.
    """

    def __init__(self, limbs: list[Limb], joints: list[str]):
        self.starts = np.array([joints.index(limb.start) for limb in limbs])
        self.ends = np.array([joints.index(limb.end) for limb in limbs])
        self.radii = np.array([limb.radii for limb in limbs])
        self.colors = np.array([limb.color for limb in limbs], "float64")


_ARC = np.linspace(-np.pi / 2, np.pi / 2, 6)


def stick_outlines(starts, ends, radii) -> np.ndarray:
    """Outlines (N, 12, 2) of sticks between pixels (N, 2), with radii (N, 2) in pixels."""
    along = ends - starts
    angle = np.arctan2(along[:, 1], along[:, 0])[:, None] + _ARC
    outlines = np.empty((len(starts), 2 * len(_ARC), 2))
    half = len(_ARC)
    for axis, arc in enumerate((np.cos(angle), np.sin(angle))):
        outlines[:, :half, axis] = ends[:, None, axis] + radii[:, 1:] * arc
        outlines[:, half:, axis] = starts[:, None, axis] - radii[:, :1] * arc
    return outlines
