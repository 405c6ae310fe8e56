"""Pedestrians and bicyclists: figures of rounded limbs that walk and pedal."""

import numpy as np

from seg_keras.data.roads.camera import turn
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Color, Figure, Limb
from seg_keras.data.roads.things import Shadow, cast
from seg_keras.data.roads.weather import Weather

SKIN = ((226, 182, 152), (198, 146, 112), (146, 98, 72), (96, 64, 48))
HAIR = ((40, 30, 26), (82, 58, 38), (148, 112, 66), (164, 160, 156), (26, 24, 24))
JACKETS = (
    (38, 40, 46), (58, 66, 88), (96, 98, 100), (132, 40, 42), (52, 76, 60), (176, 168, 150),
    (186, 120, 48), (70, 100, 146), (214, 210, 204), (112, 86, 66), (206, 190, 60), (96, 58, 104),
)  # fmt: skip
TROUSERS = ((44, 48, 64), (34, 34, 38), (88, 90, 94), (112, 98, 78), (62, 72, 104), (70, 60, 52))
FRAMES = ((40, 40, 44), (150, 34, 36), (44, 74, 134), (186, 186, 188), (40, 96, 76))
PEDALLING = 1.2  # radians of the pedals per metre
WHEEL, BASE = 0.34, 0.54  # radius, and half of the distance between the axles, in metres
_TURNS = np.linspace(0, 2 * np.pi, 20, endpoint=False)
WHEEL_RIM = WHEEL * np.stack([0 * _TURNS, np.sin(_TURNS), np.cos(_TURNS)], axis=1)
UP = np.array([[0.0, 1.0, 0.0]])
STRIDE = 1.45  # metres of a full step cycle of somebody 1.75 m high


def _choose(rng, palette) -> Color:
    return tuple(
        np.clip(np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.8, 1.15), 0, 245)
    )


class Pedestrian:
    """Somebody on foot.

    Args:
        rng: Decides looks and pace.
        place: World coordinates (3,) of the ground between the feet.
        heading: Where he or she looks.
        walking: Otherwise standing.
        umbrella: Whether to carry one.
    """

    sight = 85.0

    def __init__(self, rng, place, heading: float, walking: bool, umbrella: bool = False):
        self._scale = rng.uniform(0.6, 0.78) if rng.random() < 0.12 else rng.uniform(0.92, 1.06)
        self._walking = walking
        self._phase = rng.uniform(0, 2 * np.pi)
        self._swing = rng.uniform(0.85, 1.15)
        self._broad = rng.uniform(0.9, 1.25)
        self._figure = Figure(self._dress(rng, umbrella))
        self.speed = rng.uniform(1.0, 1.6) if walking else 0.0
        self.anchor, self.heading = np.asarray(place), heading

    def move(self, place: np.ndarray, heading: float) -> None:
        """Walks elsewhere."""
        distance = float(np.linalg.norm(place - self.anchor))
        self._phase = (self._phase + 2 * np.pi * distance / (STRIDE * self._scale)) % (2 * np.pi)
        self.anchor, self.heading = place, heading

    def paint(self, painter: Painter) -> None:
        """Paints the limbs in the pose of this moment."""
        joints = self.anchor + turn(self._pose() * self._scale, self.heading)
        painter.figure(joints, self._figure, Class.PEDESTRIAN)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A thin shadow in the sun and a dark spot below."""
        square = np.array([(-0.2, 0, -0.2), (0.2, 0, -0.2), (0.2, 0, 0.2), (-0.2, 0, 0.2)])
        footprint = self.anchor + square * self._scale
        return [*cast(footprint, 1.7 * self._scale, weather), (footprint, 0.4)]

    def _pose(self) -> np.ndarray:
        """The joints: of the middle (6), of each side (7), of bag and umbrella (6)."""
        if self._walking:
            leg = 0.42 * self._swing * np.sin(self._phase)
            lift = max(np.cos(self._phase), 0), max(-np.cos(self._phase), 0)
        else:
            leg, lift = 0.04, (0.0, 0.0)
        # hip, neck, chin, face, hair, nape
        joints = [(0, 0.95, 0), (0, 1.44, 0), (0, 1.52, 0.03), (0, 1.64, 0.06)]
        joints += [(0, 1.7, 0.01), (0, 1.62, -0.04)]
        for side, swing, up in ((-1, leg, lift[0]), (1, -leg, lift[1])):
            x, arm = 0.09 * side, 0.2 * side * self._broad
            foot = (x, 0.06 + 0.1 * up, 0.88 * np.sin(swing) - 0.12 * up)
            joints += [
                (x, 0.93, 0),
                (x, 0.5 + 0.05 * up, 0.46 * np.sin(swing) + 0.1 * up + 0.02),  # knee
                foot,
                (1.2 * x, 0.03 + 0.08 * up, foot[2] + 0.17),  # toe
                (arm, 1.39, 0),  # shoulder
                (1.2 * arm, 1.13, -0.28 * np.sin(swing) - 0.03),  # elbow
                (1.15 * arm, 0.89, -0.5 * np.sin(swing) + 0.1),  # hand
            ]
        joints += [(0, 1.05, -0.2), (0, 1.35, -0.19)]  # bag
        joints += [(0.2, 1.15, 0.2), (0.1, 2.08, 0.1), (-0.42, 1.92, 0.1), (0.6, 1.92, 0.1)]
        return np.array(joints)

    def _dress(self, rng, umbrella: bool) -> list[Limb]:
        jacket, trousers = _choose(rng, JACKETS), _choose(rng, TROUSERS)
        skin, hair, shoe = _choose(rng, SKIN), _choose(rng, HAIR), (36, 32, 30)
        coat, bare = rng.random() < 0.3, rng.random() < 0.2
        limbs = [Limb(0, 1, (0.13, 0.12), jacket)]
        for hip in (6, 13):
            knee, foot, toe, shoulder, elbow, hand = range(hip + 1, hip + 7)
            limbs += [
                Limb(hip, knee, (0.092, 0.068), trousers),
                Limb(knee, foot, (0.066, 0.046), skin if bare else trousers),
                Limb(foot, toe, (0.05, 0.038), shoe),
                Limb(hip, shoulder, (0.1, 0.09), jacket),
                Limb(shoulder, elbow, (0.065, 0.052), jacket),
                Limb(elbow, hand, (0.05, 0.036), skin if bare else jacket),
                Limb(hand, hand, (0.042, 0.042), skin),
            ]
            if coat:
                limbs.append(Limb(hip, knee, (0.12, 0.125), jacket))
        limbs += [Limb(1, 2, (0.06, 0.06), skin), Limb(2, 3, (0.075, 0.09), skin)]
        limbs += [Limb(4, 5, (0.105, 0.095), hair)]
        if rng.random() < 0.3:
            limbs.append(Limb(20, 21, (0.15, 0.13), _choose(rng, JACKETS)))
        if umbrella:
            cloth = _choose(rng, JACKETS)
            limbs.append(Limb(22, 23, (0.014, 0.014), (40, 40, 40)))
            limbs += [Limb(24, 23, (0.05, 0.12), cloth), Limb(23, 25, (0.12, 0.05), cloth)]
        return limbs


class Bicyclist:
    """Somebody on a bicycle, which belongs to the same class.

    Args:
        rng: Decides looks and pace.
        place: World coordinates (3,) of the ground between the wheels.
        heading: Where he or she rides.
    """

    sight = 85.0

    def __init__(self, rng, place, heading: float):
        self._figure = Figure(self._dress(rng))
        self._phase = rng.uniform(0, 2 * np.pi)
        self._lean = rng.uniform(0.1, 0.34)
        self.speed = rng.uniform(3.6, 5.6)
        self.anchor, self.heading = np.asarray(place), heading

    def move(self, place: np.ndarray, heading: float) -> None:
        """Rides elsewhere."""
        distance = float(np.linalg.norm(place - self.anchor))
        self._phase = (self._phase + PEDALLING * distance) % (2 * np.pi)
        self.anchor, self.heading = place, heading

    def paint(self, painter: Painter) -> None:
        """Paints the wheels, the frame and the rider."""
        if painter.depth(self.anchor) > 1.5:
            for axle in (BASE, -BASE):
                self._paint_wheel(painter, axle)
        joints = self.anchor + turn(self._pose(), self.heading)
        painter.figure(joints, self._figure, Class.BICYCLIST)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A shadow in the sun and a dark strip below the wheels."""
        strip = np.array([(-0.16, 0, -0.8), (0.16, 0, -0.8), (0.16, 0, 0.8), (-0.16, 0, 0.8)])
        footprint = self.anchor + turn(strip, self.heading)
        return [*cast(footprint, 1.5, weather), (footprint, 0.4)]

    def _paint_wheel(self, painter: Painter, axle: float) -> None:
        rim = self.anchor + turn(WHEEL_RIM + (0, WHEEL, axle), self.heading)
        depth = painter.depth(self.anchor)
        color = painter.shade(np.array([(34.0, 34.0, 36.0)]), UP, depth)[0]
        outline = painter.camera.outline(rim)
        # One looks through the spokes, but they are the bicycle's.
        painter.canvas.veil(outline, color, 0.3, Class.BICYCLIST)
        painter.canvas.line(outline, 0.05 * painter.camera.focal / depth, color, Class.BICYCLIST)

    def _pose(self) -> np.ndarray:
        """Joints of the bicycle (7) and of the rider."""
        base, wheel, phase = BASE, WHEEL, self._phase
        joints = [
            (0, wheel, -base), (0, wheel, base), (0, 0.3, -0.05), (0, 0.88, -0.22),
            (0, 0.86, 0.36), (-0.24, 1.0, 0.38), (0.24, 1.0, 0.38),
        ]  # fmt: skip
        hip = np.array((0, 0.98, -0.22))
        neck = hip + 0.52 * np.array((0, np.cos(self._lean), np.sin(self._lean)))
        joints += [hip, neck, neck + (0, 0.08, 0.05), neck + (0, 0.19, 0.1), neck + (0, 0.25, 0.05)]
        for side, turned in ((-1, phase), (1, phase + np.pi)):
            foot = (0.1 * side, 0.3 - 0.17 * np.cos(turned), -0.05 + 0.17 * np.sin(turned))
            joints += [
                (0.09 * side, hip[1] - 0.02, hip[2]),
                (0.11 * side, 0.5 * (0.98 + foot[1]) + 0.08, 0.5 * (foot[2] - 0.22) + 0.24),
                foot,
                (0.19 * side, neck[1] - 0.05, neck[2]),  # shoulder
                (0.26 * side, 0.5 * (neck[1] + 1.0) - 0.04, 0.5 * (neck[2] + 0.36) - 0.02),
            ]
        return np.array(joints)

    def _dress(self, rng) -> list[Limb]:
        steel, jacket, trousers = (_choose(rng, p) for p in (FRAMES, JACKETS, TROUSERS))
        skin = _choose(rng, SKIN)
        top = _choose(rng, JACKETS if rng.random() < 0.6 else HAIR)  # a helmet, or none
        tubes = ((0, 2), (2, 4), (3, 4), (0, 3), (2, 3), (1, 4), (4, 5), (4, 6))
        limbs = [Limb(start, end, (0.022, 0.022), steel) for start, end in tubes]
        limbs.append(Limb(7, 8, (0.13, 0.12), jacket))
        for hip, grip in ((12, 5), (17, 6)):
            knee, foot, shoulder, elbow = range(hip + 1, hip + 5)
            limbs += [
                Limb(hip, knee, (0.095, 0.075), trousers),
                Limb(knee, foot, (0.068, 0.045), trousers),
                Limb(foot, foot, (0.055, 0.055), (36, 32, 30)),
                Limb(hip, shoulder, (0.1, 0.095), jacket),
                Limb(shoulder, elbow, (0.062, 0.052), jacket),
                Limb(elbow, grip, (0.05, 0.036), jacket),
                Limb(grip, grip, (0.042, 0.042), skin),
            ]
        limbs += [Limb(8, 9, (0.06, 0.06), skin), Limb(9, 10, (0.075, 0.09), skin)]
        limbs.append(Limb(11, 11, (0.112, 0.112), top))
        return limbs
