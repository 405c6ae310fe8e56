"""The ground: road, kerb, pavement and yards, with their grain, shadows and pools of light."""

import dataclasses

import cv2
import numpy as np

from seg_keras.data.roads.camera import Camera, Polygons, forward
from seg_keras.data.roads.canvas import SUBPIXEL_BITS, SUPERSAMPLING, Class, fixed_point
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.street import KERB, Street
from seg_keras.data.roads.textures import fractal, noise

REACH = 420.0  # metres of street that are painted
LONGEST_MARK = 50.0  # metres
SHADOW_SIGHT = 75.0  # metres after which shadows are too flat to be seen
UP = np.array([[0.0, 1.0, 0.0]])
TILE = 256  # texels a side of the grain


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


@dataclasses.dataclass(frozen=True)
class Shadows:
    """Polygons on the ground that get less light, or more.

    Args:
        polygons: Their corners.
        strengths: Shares (F,) of the light that is taken away, 0 to 1; below 0, light added.
    """

    polygons: Polygons
    strengths: np.ndarray

    @classmethod
    def join(cls, shadows: list[tuple[np.ndarray, float]]) -> "Shadows":
        """Joins pairs of corners (N, 3) and a strength."""
        strengths = np.array([strength for _, strength in shadows])
        return cls(Polygons.join([points for points, _ in shadows]), strengths)


class Grain:
    """Brighter and darker spots of the ground, the same wherever one drives.

    Args:
        values: What repeats, (TILE, TILE).
        metres: How much ground one repetition covers.
        repeats: Repetitions a side that are laid around the camera, to as far as one sees them.
        contrast: Share of the light that the darkest spots lack.
        reach: Metres after which the spots have faded.
    """

    def __init__(self, values, metres: float, repeats: int, contrast: float, reach: float):
        spread = (values - values.mean()) / (4 * values.std())
        tile = np.clip(127 + 127 * spread, 0, 255).astype("uint8")
        self._tiles = np.tile(tile, (repeats, repeats))
        self._metres, self._repeats = metres, repeats
        self._contrast, self._reach = contrast / 127, reach

    def seen(self, camera: Camera, horizon: int, nearness: np.ndarray) -> np.ndarray:
        """The change of light (h, w) in the rows from the horizon down, with 1 / depth (h, w)."""
        texel = self._metres / TILE
        corner = np.floor(camera.position / self._metres) - self._repeats // 2 + 0.5
        plane = camera.plane(
            corner * self._metres * (1, 0, 1), np.array([texel, 0, 0]), np.array([0, 0, texel])
        )
        plane[1] -= horizon * plane[2]
        # Outside the laid tiles the border's value says "as bright as ever".
        spots = cv2.warpPerspective(self._tiles, plane, nearness.shape[::-1], borderValue=127)
        fading = np.clip(nearness * self._reach - 0.5, 0, 1) * self._contrast
        return (spots.astype("float32") - 127) * fading


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
        speckle = noise(rng, (TILE, TILE), (2, 2)) * 0.6 + noise(rng, (TILE, TILE), (7, 7)) * 0.4
        clouding = fractal(rng, (TILE, TILE), cell=128, octaves=5)
        self._grains = (
            Grain(speckle, 8.0, repeats=4, contrast=rng.uniform(0.12, 0.35), reach=14.0),
            Grain(clouding, 90.0, repeats=4, contrast=rng.uniform(0.2, 0.55), reach=160.0),
        )

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
        self._light(painter, shadows)

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

    def _light(self, painter: Painter, shadows: list[Shadows]) -> None:
        """Multiplies grain, shadows and lamps into the ground, and adds the haze."""
        weather = painter.weather
        camera = painter.camera.shrunk(SUPERSAMPLING)
        nearness = camera.ground_nearness()
        horizon = int(np.argmax((nearness > 1 / 2000).any(axis=1)))
        # The ground ends where the backdrop stands, before the haze has swallowed all of it.
        nearness = np.maximum(nearness[horizon:], 1 / REACH)
        depth = 1 / nearness
        light = np.ones_like(nearness)
        for grain in self._grains:
            light += grain.seen(camera, horizon, nearness)
        light *= 1 - _shadow_map(camera, shadows, horizon)
        if weather.lamps_on:
            columns = (np.arange(camera.size[1], dtype="float32") - camera.center[0]) / camera.focal
            beam = np.exp(-((columns * depth / 4.5) ** 2)) * weather.headlight(depth)
            light *= 1 + beam / weather.ambient.mean()
        haze = weather.haze_share(depth)
        light *= 1 - haze
        below = painter.canvas.image[SUPERSAMPLING * horizon :]
        size = below.shape[1::-1]
        unit = 50 if weather.lamps_on else 120  # stands for a factor of 1: lamps can triple it
        light = cv2.resize(np.clip(light * unit, 0, 255).astype("uint8"), size)
        veil = cv2.merge([(haze * channel).astype("uint8") for channel in weather.haze.tolist()])
        lit = cv2.multiply(below, cv2.merge([light] * 3), scale=1 / unit)
        cv2.add(lit, cv2.resize(veil, size), dst=below)


def _shadow_map(camera: Camera, shadows: list[Shadows], horizon: int) -> np.ndarray:
    """The share of light (h, w) that shadows take away in the rows from the horizon downwards."""
    dark = np.zeros((camera.size[0] - horizon, camera.size[1]), "uint8")
    pools = np.zeros_like(dark)
    for group in shadows:
        near = (
            np.abs(camera.view(group.polygons.points[group.polygons.starts])[:, 2]) < SHADOW_SIGHT
        )
        outlines = camera.outlines(group.polygons.only(near))
        for outline, strength in zip(outlines, group.strengths[near].tolist(), strict=True):
            if len(outline):
                target, value = (dark, strength) if strength > 0 else (pools, -strength)
                points = fixed_point(outline - (0, horizon))
                cv2.fillPoly(target, [points], round(255 * value), shift=SUBPIXEL_BITS)
    share = cv2.blur(dark, (5, 3)).astype("float32")
    if pools.any():
        share -= cv2.blur(pools, (41, 15))
    return share / 255
