"""Lamp posts, masts and bollards: whatever is upright, thin and a pole."""

import numpy as np

from seg_keras.data.roads.camera import turn
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Color, Figure, Limb, Solid
from seg_keras.data.roads.things import Shadow, cast, grown
from seg_keras.data.roads.weather import Weather

STEEL = ((122, 126, 128), (84, 90, 92), (52, 58, 56), (150, 150, 144), (40, 60, 50))
WOOD = ((134, 106, 78), (110, 92, 74), (150, 132, 108), (92, 74, 58))
LAMPLIGHT, LAMP_POOL = (250, 205, 140), 6.0  # color, and metres of ground that a lamp lights up

Joints = dict[str, tuple[float, float, float]]


class Post:
    """Poles on one foot, with what is fixed to them.

    Args:
        place: World coordinates (3,) of the foot.
        heading: Where those look who see its front.
        joints: Where the ends of the poles are, right, up and forward of the foot in metres; the
            one called "lamp" shines at night.
        poles: The sticks between the joints.
        fixed: Signs on it, if any.
    """

    sight = 70.0

    def __init__(
        self, place, heading: float, joints: Joints, poles: list[Limb], fixed: Solid | None = None
    ):
        self.anchor, self._heading = place, heading
        self._joints = place + turn(np.array(list(joints.values()), "float64"), heading)
        self._lamp = self._joints[list(joints).index("lamp")] if "lamp" in joints else None
        self._poles, self._fixed = Figure(poles, list(joints)), fixed

    def paint(self, painter: Painter) -> None:
        """Paints the poles, then what is fixed to them."""
        if self._fixed is None:
            share = grown(painter.depth(self.anchor), self.sight)
            painter.figure(self._joints * (1, share, 1), self._poles, Class.POLE)
        else:
            painter.figure(self._joints, self._poles, Class.POLE)
            painter.solid(self._fixed, self.anchor, self._heading)
        if self._lamp is not None and painter.weather.lamps_on:
            painter.lamp(self._lamp, 1.1, LAMPLIGHT)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A narrow shadow in the sun; a lamp gives a pool of light at night."""
        square = np.array([(-0.1, 0, -0.1), (0.1, 0, -0.1), (0.1, 0, 0.1), (-0.1, 0, 0.1)])
        found = cast(self.anchor + square, self._joints[:, 1].max(), weather)
        if self._lamp is not None and weather.lamps_on:
            turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            ring = LAMP_POOL * np.stack([np.sin(turns), 0 * turns, np.cos(turns)], axis=1)
            found.append((self._lamp * (1, 0, 1) + ring, -0.75))
        return found


def lamp_post(rng, place, heading: float, inwards: int) -> Post:
    """A street lamp with an arm over the road, to the right (`inwards` 1) or to the left (-1)."""
    steel, thick = metal(rng), rng.uniform(0.085, 0.13)
    height, arm = rng.uniform(5.5, 8.5), inwards * rng.uniform(0.9, 2.0)
    joints = {
        "foot": (0, 0, 0),
        "door": (0, 1.2, 0),
        "bend": (0, height - 0.5, 0),
        "arm": (0.3 * arm, height, 0),
        "head": (arm, height + 0.12, 0),
        "lamp": (arm + 0.5 * inwards, height + 0.12, 0),
    }
    poles = [
        Limb("foot", "door", (1.3 * thick, 1.3 * thick), steel),
        Limb("door", "bend", (thick, 0.7 * thick), steel),
        Limb("bend", "arm", (0.7 * thick, 0.6 * thick), steel),
        Limb("arm", "head", (0.6 * thick, 0.5 * thick), steel),
        Limb("head", "lamp", (0.1, 0.1), steel),
    ]
    return Post(place, heading, joints, poles)


def mast(rng, place, heading: float) -> Post:
    """A high mast of wood or steel, some with a cross arm."""
    color = metal(rng) if rng.random() < 0.5 else tinted(rng, WOOD)
    height, thick = rng.uniform(6, 9), rng.uniform(0.11, 0.17)
    joints = {
        "foot": (0, 0, 0),
        "top": (0, height, 0),
        "left": (-0.8, height - 0.6, 0),
        "right": (0.8, height - 0.6, 0),
    }
    poles = [Limb("foot", "top", (thick, 0.7 * thick), color)]
    if rng.random() < 0.6:
        poles.append(Limb("left", "right", (0.06, 0.06), color))
    return Post(place, heading, joints, poles)


def bollard(rng, place, heading: float) -> Post:
    """A knee-high post that keeps cars off the pavement."""
    thick = rng.uniform(0.07, 0.11)
    joints = {"foot": (0, 0, 0), "top": (0, rng.uniform(0.8, 1.15), 0)}
    return Post(place, heading, joints, [Limb("foot", "top", (thick, thick), metal(rng))])


def metal(rng: np.random.Generator) -> Color:
    """The color of a pole, bare or painted."""
    return tinted(rng, STEEL)


def tinted(rng: np.random.Generator, palette) -> Color:
    """A color of a palette, a little darker or lighter."""
    color = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.8, 1.15)
    return tuple(np.clip(color, 0, 240))
