"""The sky with its clouds, and the far hills, woods and roofs where the world ends."""

import cv2
import numpy as np

from seg_keras.data.roads.canvas import SUPERSAMPLING, Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.textures import fractal
from seg_keras.data.roads.weather import Weather

DEGREES_UP, DEGREES_DOWN = 40, 4  # of the painted sky
TEXELS_PER_DEGREE = 4
CLOUD_TILE = 512
UP, WHITE = np.array([[0.0, 1.0, 0.0]]), np.ones((1, 3))


class Sky:
    """A sky painted once all around, of which each frame shows a part.

    Args:
        rng: Decides the clouds.
        weather: Decides the colors.
    """

    def __init__(self, rng: np.random.Generator, weather: Weather):
        rows = TEXELS_PER_DEGREE * (DEGREES_UP + DEGREES_DOWN)
        columns = TEXELS_PER_DEGREE * 360
        elevation = np.radians(DEGREES_UP - (np.arange(rows) + 0.5) / TEXELS_PER_DEGREE)
        elevation = np.maximum(elevation, 0)[:, None].astype("float32")
        azimuth = np.radians((np.arange(columns) + 0.5) / TEXELS_PER_DEGREE)[None]
        azimuth = azimuth.astype("float32")
        height = (np.minimum(np.sin(elevation) / 0.5, 1) ** 0.6)[..., None]
        colors = weather.sky_low * (1 - height) + weather.sky_top * height
        colors = np.repeat(colors.astype("float32"), columns, axis=1)

        to_sun = np.sin(elevation) * weather.sun_direction[1] + np.cos(elevation) * (
            np.sin(azimuth) * weather.sun_direction[0] + np.cos(azimuth) * weather.sun_direction[2]
        )
        to_sun = np.maximum(to_sun, 0)[..., None]
        colors += (90 * to_sun**24 + 220 * to_sun**600) * weather.sun

        # Clouds lie on a plane overhead, so they crowd together towards the horizon.
        away = 58 / (np.sin(elevation) + 0.1)
        clouds = fractal(rng, (CLOUD_TILE, CLOUD_TILE), cell=64, octaves=7)
        density = cv2.remap(
            clouds,
            (away * np.sin(azimuth)) % (CLOUD_TILE - 1),
            (away * np.cos(azimuth)) % (CLOUD_TILE - 1),
            cv2.INTER_LINEAR,
        )
        edge = np.quantile(density[elevation[:, 0] > 0.06], 1 - weather.cloud_cover)
        thickness = np.clip((density - edge) / 0.1, 0, 1)[..., None]
        relief = np.clip((density - edge) / 0.22, 0, 1)[..., None]
        white = np.minimum(np.maximum(0.94 * weather.sky_low, 262 * weather.lit(WHITE, UP)[0]), 252)
        grey = (0.66 + 0.16 * rng.random()) * white + 0.08 * weather.sky_top
        cloud = white + (grey - white) * relief
        colors += (cloud - colors) * thickness * 0.9 * np.clip(elevation * 14, 0, 1)[..., None]
        low = np.clip(1 - elevation * weather.haze_distance / 70, 0, 1)[..., None]
        colors += (weather.haze - colors) * low**2
        label = np.full((rows, columns, 1), Class.SKY)
        self._panorama = np.concatenate([np.clip(colors, 0, 255), label], axis=2).astype("uint8")

    def paint(self, painter: Painter) -> None:
        """Covers the canvas with sky down to the horizon."""
        # A sky is smooth: it is sampled at the size of the result and then enlarged.
        camera = painter.camera.shrunk(SUPERSAMPLING)
        zoom = camera.focal * np.radians(1 / TEXELS_PER_DEGREE)  # pixels per texel
        turned = np.degrees(camera.heading) % 360 * TEXELS_PER_DEGREE
        level = TEXELS_PER_DEGREE * (DEGREES_UP - np.degrees(camera.pitch))
        cos, sin = np.cos(camera.roll) / zoom, np.sin(camera.roll) / zoom
        half = int(np.hypot(*camera.size) / 2 / zoom) + 2
        columns = np.arange(int(turned) - half, int(turned) + half) % self._panorama.shape[1]
        turn = np.array([[cos, -sin], [sin, cos]])
        shift = (turned - int(turned) + half, level) - turn @ camera.center
        height, width = camera.size
        lowest = camera.horizon + abs(np.tan(camera.roll)) * width / 2
        rows = int(np.clip(lowest + 4, 1, height))
        part = cv2.warpAffine(
            np.take(self._panorama, columns, axis=1),
            np.column_stack([turn, shift]),
            (width, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        above = painter.canvas.pixels[: SUPERSAMPLING * rows]
        cv2.resize(part, above.shape[1::-1], dst=above)


class Backdrop:
    """Silhouettes at the end of the world, so far that driving does not bring them nearer.

    Args:
        rng: Decides the shapes.
        greenery: 0 for roofs, 1 for woods.
    """

    def __init__(self, rng: np.random.Generator, greenery: float):
        hills = fractal(rng, (1, 720), cell=180, octaves=5)[0] * 4.5
        woods = fractal(rng, (1, 720), cell=60, octaves=6)[0] * 3.4 + rng.random(720) * 0.25
        blocks = np.repeat(rng.uniform(0.8, 3.0, 240), 3) * (np.repeat(rng.random(60), 12) < 0.8)
        town = (blocks, (128, 118, 112), Class.BUILDING, 420.0)
        self._layers = [(hills, (84, 104, 84), Class.TREE, 900.0)]
        if rng.random() > greenery:
            self._layers.append(town)
        self._layers.append((woods - 1.2 * (1 - greenery), (58, 78, 44), Class.TREE, 300.0))

    def paint(self, painter: Painter) -> None:
        """Paints the layers from far to near, each from its outline down to the horizon."""
        camera = painter.camera
        middle = int(np.degrees(camera.heading) * 2)
        steps = np.arange(middle - 130, middle + 131)
        azimuth = np.radians(steps / 2)
        ground = np.stack([np.sin(azimuth), np.full(len(steps), -0.02), np.cos(azimuth)], axis=1)
        for heights, color, label, depth in self._layers:
            if depth > painter.weather.sight:
                continue
            top = ground.copy()
            top[:, 1] = np.tan(np.radians(np.maximum(heights[steps % 720], 0)))
            outline = camera.position + 1000 * np.concatenate([top, ground[::-1]])
            shade = painter.shade(np.array([color], "float64"), UP, depth)[0]
            painter.canvas.fill(camera.outline(outline), shade, label)
