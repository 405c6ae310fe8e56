"""The ground: road, kerb, pavement and yards, and what is painted on them."""

import dataclasses

import numpy as np

from seg_keras.data.roads.camera import Polygons, forward
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.groundlight import REACH, GroundLight, Shadows
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.street import KERB, Street

LONGEST_MARK = 50.0  # metres
UP = np.array([[0.0, 1.0, 0.0]])


@dataclasses.dataclass(frozen=True)
class Marks:
    """Polygons that lie flat on the ground, such as lane marks.

    Args:
        polygons: Their corners.
        colors: Their colors (F, 3) before any light.
        classes: Their classes (F,).
        sights: Metres (F,) beyond which they are too small to be seen.
    """

    polygons: Polygons
    colors: np.ndarray
    classes: np.ndarray
    sights: np.ndarray


class Ground:
    """All that is flat.

    Args:
        rng: Decides colors and grain.
        street: What lies across the street.
    """

    def __init__(self, rng: np.random.Generator, street: Street):
        self._street = street
        tar = street.tar
        self._road = tar * rng.uniform(0.96, 1.04, 3)
        self._pavement = tar * rng.uniform(0.95, 1.5) * np.array((1.03, 1.0, rng.uniform(0.9, 1)))
        self._kerbstone = np.full(3, rng.uniform(120, 165))
        lawn = np.array((84, 106, 52)) * rng.uniform(0.8, 1.15) + rng.uniform(-10, 14, 3)
        self._yard = self._pavement * rng.uniform(0.85, 1.1) if street.paved_yards else lawn
        self._yard_class = Class.PAVEMENT if street.paved_yards else Class.TREE
        self._light = GroundLight(rng)

    def paint(
        self, painter: Painter, along: float, marks: list[Marks], shadows: list[Shadows]
    ) -> None:
        """Paints everything below the horizon as seen from a position along the street."""
        self._paint_strips(painter, along)
        for group in marks:
            depths = painter.camera.view(group.polygons.points[group.polygons.starts])[:, 2]
            seen = (depths < group.sights) & (depths > -LONGEST_MARK)
            colors = painter.weather.lit(group.colors[seen], UP).tolist()
            outlines = painter.camera.outlines(group.polygons.only(seen))
            painter.canvas.fill_all(outlines, colors, group.classes[seen].tolist())
        self._light.fall(painter, shadows)

    def _paint_strips(self, painter: Painter, along: float) -> None:
        street, camera = self._street, painter.camera
        ends = np.stack([forward(camera.heading + side) for side in (-1, 1)])
        horizon = camera.view(camera.position + 9000 * ends)
        height, width = camera.size
        below = np.array([(2.0 * width, 2.0 * height), (-width, 2.0 * height)])
        yard = np.concatenate([camera.pixels(horizon), below])
        painter.canvas.fill(yard, self._lit(painter, self._yard), self._yard_class)

        steps = np.concatenate([np.arange(-4, 60, 2.0), np.geomspace(60, REACH, 24)])
        points, right = street.path.frame(along + steps)

        def strip(first, second, heights, color, label):
            edges = [
                points + right * offset + (0, rise, 0)
                for offset, rise in zip((first, second), heights, strict=True)
            ]
            outline = camera.outline(np.concatenate([edges[0], edges[1][::-1]]))
            painter.canvas.fill(outline, self._lit(painter, color), label)

        strip(street.kerb(-1), street.kerb(1), (0, 0), self._road, Class.ROAD)
        for side in (-1, 1):
            kerb, frontage = street.kerb(side), street.frontage(side)
            stone = kerb + side * 0.16
            strip(kerb, kerb, (0, KERB), self._kerbstone * 0.72, Class.PAVEMENT)
            strip(kerb, stone, (KERB, KERB), self._kerbstone, Class.PAVEMENT)
            strip(stone, frontage, (KERB, KERB), self._pavement, Class.PAVEMENT)

    def _lit(self, painter: Painter, color) -> list[float]:
        return painter.weather.lit(np.array([color]), UP)[0].tolist()
