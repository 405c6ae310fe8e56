"""Houses along the street: blocks with painted fronts, under flat or pitched roofs."""

import functools

import numpy as np

from seg_keras.data.roads.camera import forward, rightward
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.facades import Facades, random_style
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import SolidBuilder
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
        place: World coordinates (3,) of the middle of its front on the ground.
        heading: The heading of the street there.
        side: -1 if it stands on the left of the street, 1 on the right.
        width: Metres of its front along the street.
        town: A town house, high and perhaps with a shop; otherwise a family house.
        leans_on: The house in front of it whose wall it shares, if any.
    """

    sight = SIGHT

    def __init__(
        self, rng, facades: Facades, place, heading: float, side: int, width, town, leans_on=None
    ):
        self._facades, self._seed = facades, int(rng.integers(1 << 32))
        self._style = random_style(rng, town)
        storeys = rng.integers(2, 7) if town else rng.integers(1, 3)
        self.height = float(storeys * self._style.storey + 0.6)
        self._width, self._depth = width, rng.uniform(9, 14)
        self._place, self._heading, self._side = place, heading, side
        self._along, self._outward = forward(heading), side * rightward(heading)
        # To somebody in front of it, a house on the left has its left corner nearer to us.
        self._across = -side * self._along * width
        self._near = place - self._along * width / 2
        self._end_across = side * self._outward * self._depth
        self.anchor = place + self._along * width / 2
        self._end_seen = leans_on is None or leans_on.height < self.height
        pitched = storeys < 4 and rng.random() < (0.55 if town else 0.95)
        self._rise = rng.uniform(0.3, 0.45) * self._depth if pitched else 0.0
        self._roof = None
        if pitched:
            self._roof = _roof(rng, self._style, side, width, self._depth, self._rise)

    @functools.cached_property
    def _walls(self) -> tuple[Texture, Texture | None]:
        """The front and the end; many a house is never seen and need not be painted."""
        rng = np.random.default_rng(self._seed)
        paint, style = self._facades.paint, self._style
        front = paint(rng, style, (self.height, self._width), True, normal=-self._outward)
        if not self._end_seen:
            return front, None
        windows = bool(rng.random() < 0.4)
        return front, paint(rng, style, (self.height, self._depth), windows, normal=-self._along)

    def paint(self, painter: Painter) -> None:
        """Paints the walls that can be seen, then the roof."""
        share = grown(painter.depth(self.anchor), self.sight)
        if share == 0.0:
            return
        up = UP * self.height * share
        front, end = self._walls
        if end is not None:
            corner = self._near + np.minimum(self._side, 0) * self._end_across
            painter.texture(end, corner, self._end_across, up, Class.BUILDING)
        painter.texture(front, self._place - self._across / 2, self._across, up, Class.BUILDING)
        if self._roof is not None and share == 1.0:
            painter.solid(self._roof, self._place + up, self._heading)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadow of the block with half of its roof."""
        ends, back = np.stack([self._near, self.anchor]), self._outward * self._depth
        footprint = np.concatenate([ends, ends + back])
        return cast(footprint, self.height + self._rise / 2, weather)


def _roof(rng, style, side: int, width: float, depth: float, rise: float):
    """A roof whose ridge runs along the street, with a chimney; it rests on the walls' top."""
    tiles = np.array(ROOFS[rng.integers(len(ROOFS))]) * rng.uniform(0.8, 1.2)
    eaves, half = 0.35, width / 2
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
