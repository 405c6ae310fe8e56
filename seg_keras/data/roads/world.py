"""An endless world around one street, of which only what can be seen is kept in memory."""

import numpy as np

from seg_keras.data.roads.facades import Facades
from seg_keras.data.roads.ground import Ground
from seg_keras.data.roads.groundlight import SHADOW_SIGHT, Shadows
from seg_keras.data.roads.layout import LENGTH, Block, BlockBuilder
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.plants import Foliage
from seg_keras.data.roads.sky import Backdrop, Sky
from seg_keras.data.roads.street import random_street
from seg_keras.data.roads.things import SIGHT
from seg_keras.data.roads.traffic import Traffic
from seg_keras.data.roads.weather import random_weather

PAST = 16.0  # metres behind the camera that are still kept
LONGEST = 8.0  # metres that a thing may reach beyond its anchor


class World:
    """A street with all that stands and moves along it.

    Args:
        seed: Decides everything; the same seed gives the same world.

    Attributes:
        start: The position along the street in metres at which we enter the world.
        our_lane: Index of the lane that we drive in, 0 next to the centre line.
        our_speed: Our speed in metres per second.
    """

    def __init__(self, seed: int):
        self._seed = seed
        rng = np.random.default_rng(seed)
        self.weather = random_weather(rng)
        self.street = random_street(rng)
        self.start = rng.uniform(0, LENGTH)
        self.our_lane = int(rng.integers(self.street.lanes))
        self.our_speed = rng.uniform(7.0, 12.0)
        self._sky = Sky(rng, self.weather)
        self._backdrop = Backdrop(rng, self.street.greenery)
        self._ground = Ground(rng, self.street)
        self._facades = Facades(rng, self.weather)
        self._foliage = Foliage(rng, self.weather)
        self._traffic = Traffic(
            rng, self.street, self.weather, self.our_lane, self.our_speed, self.start
        )
        self._blocks: dict[int, Block] = {}
        self.advance(self.start, 0.0)

    def advance(self, along: float, seconds: float) -> None:
        """Lets some seconds pass, after which we are at a position along the street."""
        wanted = range(int((along - PAST) // LENGTH), int((along + SIGHT) // LENGTH) + 1)
        for index in [index for index in self._blocks if index not in wanted]:
            del self._blocks[index]
        for index in wanted:
            if index not in self._blocks:
                self._blocks[index] = self._build(index)
        self.street.path.forget(along - 2 * PAST - LENGTH)
        self._traffic.advance(along, seconds)

    def paint(self, painter: Painter, along: float) -> None:
        """Paints what the camera sees from a position along the street, from far to near."""
        blocks = list(self._blocks.values())
        moving = self._traffic.things()
        things = moving + [thing for block in blocks for thing in block.things]
        view = painter.camera.view(np.array([thing.anchor for thing in things]))
        aside, depths = np.abs(view[:, 0]), view[:, 2]
        half = painter.camera.size[1] / 2 / painter.camera.focal
        sights = np.minimum([thing.sight for thing in things], self.weather.sight)
        seen = (depths < sights) & (depths > -LONGEST)
        seen &= aside < half * np.maximum(depths, 0) + LONGEST
        order = np.flatnonzero(seen)[np.argsort(-depths[seen])]

        near = [thing for thing, depth in zip(moving, depths, strict=False) if depth < SHADOW_SIGHT]
        cast = [shadow for thing in near for shadow in thing.shadows(self.weather)]
        shadows = [block.shadows for block in blocks] + [Shadows.join(cast)]
        self._sky.paint(painter)
        self._backdrop.paint(painter)
        self._ground.paint(painter, along, [block.marks for block in blocks], shadows)
        for index in order:
            things[index].paint(painter)

    def _build(self, index: int) -> Block:
        rng = np.random.default_rng((self._seed, index + 1000))
        start = index * LENGTH
        look = (self.weather, self._facades, self._foliage)
        block = BlockBuilder(rng, self.street, *look, start).build()
        self._traffic.populate(start, block.crossing)
        return block
