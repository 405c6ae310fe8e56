"""Pedestrians and bicyclists: figures of rounded limbs that walk and pedal.

A pose names the joints of a figure and says where they are, in metres right, up and forward of the
point on the ground below it.
"""

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
SHOE, TYRE = (36, 32, 30), (34.0, 34.0, 36.0)

SIDES = {"left": -1, "right": 1}
STRIDE = 1.45  # metres of a full cycle of steps of somebody 1.75 m high
PEDALLING = 1.2  # radians that the pedals turn per metre
WHEEL, AXLE = 0.34, 0.54  # radius of a wheel, and how far from the middle its axle is, in metres
_TURNS = np.linspace(0, 2 * np.pi, 20, endpoint=False)
RIM = WHEEL * np.stack([0 * _TURNS, np.sin(_TURNS), np.cos(_TURNS)], axis=1)
UP = np.array([[0.0, 1.0, 0.0]])


class Pedestrian:
    """Somebody on foot.

    Args:
        rng: Decides looks and pace.
        place: World coordinates (3,) of the ground between the feet.
        heading: Where he or she looks.
        walking: Otherwise standing.
        umbrella: Whether to carry one.
    """

    sight = 70.0

    def __init__(self, rng, place, heading: float, walking: bool, umbrella: bool = False):
        child = rng.random() < 0.12
        self._scale = rng.uniform(0.6, 0.78) if child else rng.uniform(0.92, 1.06)
        self._walking = walking
        self._phase = rng.uniform(0, 2 * np.pi)
        self._broad = rng.uniform(0.95, 1.25)
        self._figure = Figure(_dress_pedestrian(rng, umbrella), list(self._pose()))
        self.speed = rng.uniform(1.0, 1.6) if walking else 0.0
        self.anchor, self.heading = np.asarray(place), heading

    def move(self, place: np.ndarray, heading: float) -> None:
        """Walks elsewhere."""
        distance = float(np.linalg.norm(place - self.anchor))
        self._phase = (self._phase + 2 * np.pi * distance / (STRIDE * self._scale)) % (2 * np.pi)
        self.anchor, self.heading = place, heading

    def paint(self, painter: Painter) -> None:
        """Paints the limbs in the pose of this moment."""
        joints = self._scale * np.array(list(self._pose().values()))
        painter.figure(self.anchor + turn(joints, self.heading), self._figure, Class.PEDESTRIAN)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A thin shadow in the sun and a dark spot below."""
        square = np.array([(-0.2, 0, -0.2), (0.2, 0, -0.2), (0.2, 0, 0.2), (-0.2, 0, 0.2)])
        footprint = self.anchor + square * self._scale
        return [*cast(footprint, 1.7 * self._scale, weather), (footprint, 0.4)]

    def _pose(self) -> dict[str, tuple[float, float, float]]:
        swing = 0.42 * np.sin(self._phase) if self._walking else 0.04
        lift = np.cos(self._phase) if self._walking else 0.0
        pose = {
            "hip": (0, 0.95, 0), "neck": (0, 1.42, 0), "chin": (0, 1.52, 0.03),
            "face": (0, 1.64, 0.06), "crown": (0, 1.7, 0.01), "nape": (0, 1.62, -0.04),
            "bag bottom": (0, 1.05, -0.2), "bag top": (0, 1.35, -0.19),
            "grip": (0.2, 1.15, 0.2), "cloth": (0.1, 2.08, 0.1),
            "cloth left": (-0.42, 1.92, 0.1), "cloth right": (0.6, 1.92, 0.1),
        }  # fmt: skip
        for name, side in SIDES.items():
            back, up = -side * swing, max(-side * lift, 0)  # the arm swings against the leg
            leg, arm = 0.09 * side, 0.19 * side * self._broad
            foot = 0.88 * np.sin(back) - 0.12 * up
            pose |= {
                f"{name} hip": (leg, 0.93, 0),
                f"{name} knee": (leg, 0.5 + 0.05 * up, 0.46 * np.sin(back) + 0.1 * up + 0.02),
                f"{name} foot": (leg, 0.06 + 0.1 * up, foot),
                f"{name} toe": (1.2 * leg, 0.03 + 0.08 * up, foot + 0.17),
                f"{name} shoulder": (arm, 1.39, 0),
                f"{name} elbow": (1.25 * arm, 1.13, -0.28 * np.sin(back) - 0.03),
                f"{name} hand": (1.2 * arm, 0.89, -0.5 * np.sin(back) + 0.1),
            }
        return pose


class Bicyclist:
    """Somebody on a bicycle, which belongs to the same class.

    Args:
        rng: Decides looks and pace.
        place: World coordinates (3,) of the ground between the wheels.
        heading: Where he or she rides.
    """

    sight = 70.0

    def __init__(self, rng, place, heading: float):
        self._phase = rng.uniform(0, 2 * np.pi)
        self._lean = rng.uniform(0.1, 0.34)
        self._figure = Figure(_dress_bicyclist(rng), list(self._pose()))
        self.speed = rng.uniform(3.6, 5.6)
        self.anchor, self.heading = np.asarray(place), heading

    def move(self, place: np.ndarray, heading: float) -> None:
        """Rides elsewhere."""
        distance = float(np.linalg.norm(place - self.anchor))
        self._phase = (self._phase + PEDALLING * distance) % (2 * np.pi)
        self.anchor, self.heading = place, heading

    def paint(self, painter: Painter) -> None:
        """Paints the wheels, then the frame and the rider."""
        depth = painter.depth(self.anchor)
        if depth > 1.5:
            for axle in (AXLE, -AXLE):
                self._paint_wheel(painter, axle, depth)
        joints = np.array(list(self._pose().values()))
        painter.figure(self.anchor + turn(joints, self.heading), self._figure, Class.BICYCLIST)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A shadow in the sun and a dark strip below the wheels."""
        strip = np.array([(-0.16, 0, -0.8), (0.16, 0, -0.8), (0.16, 0, 0.8), (-0.16, 0, 0.8)])
        footprint = self.anchor + turn(strip, self.heading)
        return [*cast(footprint, 1.5, weather), (footprint, 0.4)]

    def _paint_wheel(self, painter: Painter, axle: float, depth: float) -> None:
        rim = self.anchor + turn(RIM + (0, WHEEL, axle), self.heading)
        color = painter.shade(np.array([TYRE]), UP, depth)[0]
        outline = painter.camera.outline(rim)
        # One looks through the spokes, but they are the bicycle's.
        painter.canvas.veil(outline, color, 0.3, Class.BICYCLIST)
        painter.canvas.line(outline, 0.05 * painter.camera.focal / depth, color, Class.BICYCLIST)

    def _pose(self) -> dict[str, tuple[float, float, float]]:
        back = np.array((0, np.cos(self._lean), np.sin(self._lean)))
        neck = np.array((0, 0.98, -0.22)) + 0.5 * back
        _, high, ahead = neck
        pose = {
            "rear axle": (0, WHEEL, -AXLE), "front axle": (0, WHEEL, AXLE),
            "pedals": (0, 0.3, -0.05), "saddle": (0, 0.88, -0.22), "stem": (0, 0.86, 0.36),
            "hip": (0, 0.98, -0.22), "neck": neck, "chin": neck + (0, 0.1, 0.05),
            "face": neck + (0, 0.21, 0.1), "crown": neck + (0, 0.27, 0.05),
        }  # fmt: skip
        for name, side in SIDES.items():
            turned = self._phase if side < 0 else self._phase + np.pi
            low, front = 0.3 - 0.17 * np.cos(turned), -0.05 + 0.17 * np.sin(turned)
            pose |= {
                f"{name} hip": (0.09 * side, 0.96, -0.22),
                f"{name} knee": (0.11 * side, 0.57 + 0.5 * low, 0.13 + 0.5 * front),
                f"{name} foot": (0.1 * side, low, front),
                f"{name} shoulder": (0.18 * side, high - 0.04, ahead),
                f"{name} elbow": (0.26 * side, 0.46 + 0.5 * high, 0.16 + 0.5 * ahead),
                f"{name} hand": (0.24 * side, 1.0, 0.38),
            }
        return pose


def _choose(rng, palette) -> Color:
    color = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.8, 1.15)
    return tuple(np.clip(color, 0, 245))


def _dress_pedestrian(rng, umbrella: bool) -> list[Limb]:
    jacket, trousers = _choose(rng, JACKETS), _choose(rng, TROUSERS)
    skin, hair = _choose(rng, SKIN), _choose(rng, HAIR)
    coat, bare = rng.random() < 0.3, rng.random() < 0.2
    limbs = [
        Limb("hip", "neck", (0.15, 0.14), jacket),
        Limb("left shoulder", "right shoulder", (0.085, 0.085), jacket),
        Limb("left hip", "right hip", (0.1, 0.1), jacket if coat else trousers),
    ]
    for side in SIDES:
        limbs += [
            Limb(f"{side} hip", f"{side} knee", (0.095, 0.07), trousers),
            Limb(f"{side} knee", f"{side} foot", (0.068, 0.046), skin if bare else trousers),
            Limb(f"{side} foot", f"{side} toe", (0.05, 0.038), SHOE),
            Limb(f"{side} shoulder", f"{side} elbow", (0.068, 0.054), jacket),
            Limb(f"{side} elbow", f"{side} hand", (0.052, 0.036), skin if bare else jacket),
            Limb(f"{side} hand", f"{side} hand", (0.042, 0.042), skin),
        ]
        if coat:
            limbs.append(Limb(f"{side} hip", f"{side} knee", (0.12, 0.125), jacket))
    limbs += [
        Limb("neck", "chin", (0.065, 0.06), skin),
        Limb("chin", "face", (0.075, 0.09), skin),
        Limb("crown", "nape", (0.105, 0.095), hair),
    ]
    if rng.random() < 0.3:
        limbs.append(Limb("bag bottom", "bag top", (0.15, 0.13), _choose(rng, JACKETS)))
    if umbrella:
        cloth = _choose(rng, JACKETS)
        limbs += [
            Limb("grip", "cloth", (0.014, 0.014), TYRE),
            Limb("cloth left", "cloth", (0.05, 0.12), cloth),
            Limb("cloth", "cloth right", (0.12, 0.05), cloth),
        ]
    return limbs


def _dress_bicyclist(rng) -> list[Limb]:
    steel, jacket, trousers = (_choose(rng, p) for p in (FRAMES, JACKETS, TROUSERS))
    skin = _choose(rng, SKIN)
    top = _choose(rng, JACKETS if rng.random() < 0.6 else HAIR)  # a helmet, or none
    tubes = (
        ("rear axle", "pedals"), ("pedals", "stem"), ("saddle", "stem"), ("rear axle", "saddle"),
        ("pedals", "saddle"), ("front axle", "stem"), ("stem", "left hand"), ("stem", "right hand"),
    )  # fmt: skip
    limbs = [Limb(start, end, (0.022, 0.022), steel) for start, end in tubes]
    limbs += [
        Limb("hip", "neck", (0.15, 0.15), jacket),
        Limb("left shoulder", "right shoulder", (0.085, 0.085), jacket),
    ]
    for side in SIDES:
        limbs += [
            Limb(f"{side} hip", f"{side} knee", (0.1, 0.075), trousers),
            Limb(f"{side} knee", f"{side} foot", (0.068, 0.045), trousers),
            Limb(f"{side} foot", f"{side} foot", (0.055, 0.055), SHOE),
            Limb(f"{side} shoulder", f"{side} elbow", (0.066, 0.054), jacket),
            Limb(f"{side} elbow", f"{side} hand", (0.05, 0.036), jacket),
            Limb(f"{side} hand", f"{side} hand", (0.042, 0.042), skin),
        ]
    return [
        *limbs,
        Limb("neck", "chin", (0.065, 0.06), skin),
        Limb("chin", "face", (0.075, 0.09), skin),
        Limb("crown", "crown", (0.112, 0.112), top),
    ]
