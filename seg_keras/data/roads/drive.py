"""Driving through a drawn world with a camera behind the windscreen."""

from collections.abc import Iterator

import numpy as np

from seg_keras.data.labels import IGNORE_LABEL
from seg_keras.data.roads.camera import Camera
from seg_keras.data.roads.canvas import SUPERSAMPLING, Canvas
from seg_keras.data.roads.lens import Lens
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.world import World

LOOK_AHEAD = 7.0  # metres ahead to which the car points


class Dashcam:
    """A camera in a car that follows its lane.

    Args:
        rng: Decides how the camera is mounted.
        world: Where the car drives.
        size: (height, width) of the pictures in pixels.
    """

    def __init__(self, rng: np.random.Generator, world: World, size: tuple[int, int]):
        self._world = world
        self._canvas_size = (SUPERSAMPLING * size[0], SUPERSAMPLING * size[1])
        self._focal = rng.uniform(0.64, 0.86) * np.hypot(*self._canvas_size)
        self._height = rng.uniform(1.15, 1.75)
        self._level = rng.uniform(-0.1, 0.12)  # how far the horizon is above the middle
        self._yaw, self._roll = rng.normal(0, 0.035), rng.normal(0, 0.008)
        street = world.street
        lane = street.lane(street.traffic_side, world.our_lane)
        self._offset = lane + rng.normal(0, 0.15)
        self._shaking = rng.uniform(0, 2 * np.pi, 4)
        self._bonnet = _bonnet(rng, self._canvas_size) if rng.random() < 0.22 else None

    def look(self, along: float, seconds: float) -> tuple[np.ndarray, np.ndarray, float]:
        """The scene (H, W, 3), its label (H, W) and the row of its horizon."""
        height, width = self._canvas_size
        path = self._world.street.path
        waves = np.sin(2 * np.pi * np.array((0.13, 0.9, 1.7, 0.5)) * seconds + self._shaking)
        camera = Camera(
            position=path.at(along, self._offset + 0.12 * waves[0], self._height)[0],
            heading=float(path.heading(along + LOOK_AHEAD)) + self._yaw + 0.004 * waves[0],
            pitch=-np.arctan(self._level * height / self._focal) + 0.002 * (waves[1] + waves[2]),
            roll=self._roll + 0.002 * waves[3],
            focal=self._focal,
            size=self._canvas_size,
        )
        painter = Painter(Canvas(camera.size), camera, self._world.weather)
        self._world.paint(painter, along)
        if self._bonnet is not None:
            for outline, color in self._bonnet:
                lit = painter.shade(np.array([color]), np.array([[0.0, 1.0, 0.0]]), 0.0)[0]
                painter.canvas.fill(outline, lit, IGNORE_LABEL)
        size = (height // SUPERSAMPLING, width // SUPERSAMPLING)
        return *painter.canvas.result(size), camera.horizon / SUPERSAMPLING


def drive(
    seed: int, size: tuple[int, int] = (360, 480), fps: float = 25.0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Drives through one drawn world without end.

    Args:
        seed: Decides the world, the camera and all that moves.
        size: (height, width) of the pictures in pixels.
        fps: Pictures per second of the drive.

    Yields:
        The picture, uint8 RGB (H, W, 3), and its class ids, uint8 (H, W), 255 where nothing counts.
    """
    world = World(seed)
    rng = np.random.default_rng((seed, 1))
    dashcam = Dashcam(rng, world, size)
    lens = Lens(rng, world.weather, size)
    along, seconds = world.start, 0.0
    while True:
        image, label, horizon = dashcam.look(along, seconds)
        yield lens.take(image, label, horizon), label
        seconds += 1 / fps
        along += world.our_speed / fps
        world.advance(along, 1 / fps)


def draw_scene(seed: int, size: tuple[int, int] = (360, 480)) -> tuple[np.ndarray, np.ndarray]:
    """Draws one scene, the first of the drive of that seed.

    Args:
        seed: Decides everything in it.
        size: (height, width) in pixels.

    Returns:
        The picture, uint8 RGB (H, W, 3), and its class ids, uint8 (H, W), 255 where nothing counts.
    """
    return next(drive(seed, size))


def _bonnet(rng: np.random.Generator, size: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The front of our own car: outlines (N, 2) and colors (3,), the upper ones mirror the sky."""
    height, width = size
    across = np.linspace(-1, 1, 33)
    rise, shift = rng.uniform(0.05, 0.13) * height, rng.uniform(-0.12, 0.12)
    paint = rng.choice((34.0, 60.0, 100.0, 150.0)) * rng.uniform(0.9, 1.1, 3)
    dome = 1 - 0.75 * np.abs(across - shift) ** 2.6
    corners = [(width, height + 9.0), (0.0, height + 9.0)]
    layers = []
    for share, tone in zip(np.linspace(1, 0.3, 9), np.linspace(1.35, 0.6, 9), strict=True):
        edge = np.stack([(across + 1) / 2 * width, height - share * rise * dome], axis=1)
        layers.append((np.concatenate([edge, corners]), tone * paint))
    return layers
