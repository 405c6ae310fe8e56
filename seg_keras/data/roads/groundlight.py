"""The light on the ground: its grain, shadows, pools of lamplight, and the haze above it."""

import dataclasses

import cv2
import numpy as np

from seg_keras.data.roads.camera import Camera, Polygons
from seg_keras.data.roads.canvas import SUBPIXEL_BITS, SUPERSAMPLING, fixed_point
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.textures import fractal, noise

REACH = 420.0  # metres of ground that are painted
FARTHEST_HAZE = 200.0  # metres; the ground beyond is no paler, or it would part from the backdrop
SHADOW_SIGHT = 75.0  # metres after which shadows are too flat to be seen
BEAM = 4.5  # metres to either side that our lamps light up
TILE = 256  # texels a side of the grain


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

    def seen(self, camera: Camera, horizon: int, depths: np.ndarray) -> np.ndarray:
        """The change of light (h, w) in the rows from the horizon down, at their depths (h,)."""
        texel = self._metres / TILE
        corner = np.floor(camera.position / self._metres) - self._repeats // 2 + 0.5
        plane = camera.plane(
            corner * self._metres * (1, 0, 1), np.array([texel, 0, 0]), np.array([0, 0, texel])
        )
        plane[1] -= horizon * plane[2]
        # Outside the laid tiles the border's value says "as bright as ever".
        size = (camera.size[1], len(depths))
        spots = cv2.warpPerspective(self._tiles, plane, size, borderValue=127)
        fading = np.clip(self._reach / depths - 0.5, 0, 1) * self._contrast
        return (spots.astype("float32") - 127) * fading[:, None]


class GroundLight:
    """How light varies over the ground.

    Args:
        rng: Decides the grain.
    """

    def __init__(self, rng: np.random.Generator):
        speckle = noise(rng, (TILE, TILE), (2, 2)) * 0.6 + noise(rng, (TILE, TILE), (7, 7)) * 0.4
        clouding = fractal(rng, (TILE, TILE), cell=128, octaves=5)
        self._grains = (
            Grain(speckle, 8.0, repeats=4, contrast=rng.uniform(0.12, 0.35), reach=14.0),
            Grain(clouding, 90.0, repeats=4, contrast=rng.uniform(0.2, 0.55), reach=160.0),
        )

    def fall(self, painter: Painter, shadows: list[Shadows]) -> None:
        """Lights the ground that has just been painted, and adds the haze."""
        weather = painter.weather
        # Light has no sharp edges: it is computed at the size of the result and then enlarged.
        camera = painter.camera.shrunk(SUPERSAMPLING)
        horizon, depths = _ground_rows(camera)
        light = 1 - _shadow_map(camera, shadows, horizon)
        for grain in self._grains:
            light *= 1 + grain.seen(camera, horizon, depths)
        if weather.lamps_on:
            columns = (np.arange(camera.size[1], dtype="float32") - camera.center[0]) / camera.focal
            beam = np.exp(-((columns * (depths / BEAM)[:, None]) ** 2))
            light *= 1 + beam * (weather.headlight(depths) / weather.ambient_level)[:, None]
        haze = weather.haze_share(depths)[:, None]
        light *= 1 - haze

        below = painter.canvas.pixels[SUPERSAMPLING * horizon :]
        size = below.shape[1::-1]
        unit = 50 if weather.lamps_on else 120  # stands for a factor of 1: lamps can triple it
        factors = cv2.resize(np.clip(light * unit, 0, 255).astype("uint8"), size)
        # The fourth channel is the class, which light does not change.
        factors = cv2.merge([factors, factors, factors, np.full_like(factors, unit)])
        veil = np.concatenate([haze * weather.haze, 0 * haze], axis=1).astype("uint8")
        lit = cv2.multiply(below, factors, scale=1 / unit)
        cv2.add(lit, cv2.resize(veil[:, None], size), dst=below)


def _ground_rows(camera: Camera) -> tuple[int, np.ndarray]:
    """The first row that shows any ground, and the depth in metres of it and all below, (h,).

    Depths hold for the middle column; the roll of a car is too small to matter to light.
    """
    height, width = camera.size
    tilt = abs(np.tan(camera.roll)) * width / 2
    first = int(np.clip(camera.horizon - tilt, 0, height - 1))
    below = np.arange(first, height, dtype="float32") - camera.horizon
    nearness = below / (camera.focal * camera.position[1])
    return first, 1 / np.maximum(nearness, 1 / FARTHEST_HAZE)


def _shadow_map(camera: Camera, shadows: list[Shadows], horizon: int) -> np.ndarray:
    """The share of light (h, w) that shadows take away in the rows from the horizon downwards."""
    dark = np.zeros((camera.size[0] - horizon, camera.size[1]), "uint8")
    pools = np.zeros_like(dark)
    for group in shadows:
        firsts = group.polygons.points[group.polygons.starts]
        near = np.abs(camera.view(firsts)[:, 2]) < SHADOW_SIGHT
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
