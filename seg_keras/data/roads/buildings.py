"""Houses along the street: blocks with painted fronts, under flat or pitched roofs."""

import functools

import numpy as np

from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.facades import Facades, Style, random_style
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Solid, SolidBuilder
from seg_keras.data.roads.street import Span
from seg_keras.data.roads.textures import Texture
from seg_keras.data.roads.things import SIGHT, Shadow, cast, grown
from seg_keras.data.roads.weather import Weather

ROOFS = ((92, 62, 54), (82, 84, 92), (112, 78, 62), (70, 66, 68))
UP = np.array([0.0, 1.0, 0.0])


class Building:
    """One house beside the street.

    Args:
        rng: Decides its look.
        facades: Paints its walls.
        front: The foot of the wall towards the street.
        town: A town house, high and perhaps with a shop; otherwise a family house.
        leans_on: The house in front of it whose wall it shares, if any.
    """

    sight = SIGHT

    def __init__(
        self,
        rng: np.random.Generator,
        facades: Facades,
        front: Span,
        town: bool,
        leans_on: "Building | None" = None,
    ):
        self._facades, self._front = facades, front
        self._seed = int(rng.integers(1 << 32))
        self._style = random_style(rng, town)
        storeys = rng.integers(2, 7) if town else rng.integers(1, 3)
        self.height = float(storeys * self._style.storey + 0.6)
        self._depth = rng.uniform(9, 14)
        self.anchor = front.ends[1]
        self._end_seen = leans_on is None or leans_on.height < self.height
        pitched = storeys < 4 and rng.random() < (0.55 if town else 0.95)
        self._rise = rng.uniform(0.3, 0.45) * self._depth if pitched else 0.0
        self._roof = _roof(rng, self._style, front, self._depth, self._rise) if pitched else None

    @functools.cached_property
    def _walls(self) -> tuple[Texture, Texture | None]:
        """The front and the end; many a house is never seen and need not be painted."""
        rng = np.random.default_rng(self._seed)
        paint, style, front = self._facades.paint, self._style, self._front
        wall = paint(rng, style, (self.height, front.length), True, normal=-front.outward)
        if not self._end_seen:
            return wall, None
        windows = bool(rng.random() < 0.4)
        return wall, paint(rng, style, (self.height, self._depth), windows, normal=-front.along)

    def paint(self, painter: Painter) -> None:
        """Paints the walls that can be seen, then the roof."""
        share = grown(painter.depth(self.anchor), self.sight)
        if share == 0.0:
            return
        front, up = self._front, UP * self.height * share
        wall, end = self._walls
        if end is not None:
            across = front.side * self._depth * front.outward
            corner = front.ends[0] + min(front.side, 0) * across
            painter.texture(end, corner, across, up, Class.BUILDING)
        left = front.middle - front.across / 2
        painter.texture(wall, left, front.across, up, Class.BUILDING)
        if self._roof is not None and share == 1.0:
            painter.solid(self._roof, front.middle + up, front.heading)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadow of the block with half of its roof."""
        return cast(self._front.footprint(self._depth), self.height + self._rise / 2, weather)


def _roof(rng, style: Style, front: Span, depth: float, rise: float) -> Solid:
    """A roof whose ridge runs along the street, with a chimney; it rests on the walls' top."""
    side = front.side
    tiles = np.array(ROOFS[rng.integers(len(ROOFS))]) * rng.uniform(0.8, 1.2)
    eaves, half = 0.35, front.length / 2
    builder = SolidBuilder()

    def face(corners, color):
        # Corners are metres outwards from the front, above the wall, and along the street.
        points = [(side * out, up, along) for out, up, along in corners]
        builder.face(points[::side], color, Class.BUILDING)

    ridge = depth / 2
    gable = tuple(style.wall * 0.95)
    face([(0, 0, -half), (depth, 0, -half), (ridge, rise, -half)], gable)
    ends = half + eaves
    slope = [
        (-eaves, -0.15, ends),
        (-eaves, -0.15, -ends),
        (ridge, rise, -ends),
        (ridge, rise, ends),
    ]
    face(slope, tuple(tiles))
    chimney = rng.uniform(-half, half - 0.9)
    left, right = sorted((side * 0.75 * ridge, side * (0.75 * ridge + 0.7)))
    builder.box(
        (left, 0.55 * rise, chimney), (right, rise + 0.9, chimney + 0.9), gable, Class.BUILDING
    )
    return builder.build()
