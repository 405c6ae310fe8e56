"""Cars, vans, trucks and buses: a side view swept across their width."""

import dataclasses
import functools

import numpy as np

from seg_keras.data.roads.camera import forward, turn
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Color, Solid, SolidBuilder
from seg_keras.data.roads.things import Shadow, cast
from seg_keras.data.roads.weather import Weather

# Greys are the most frequent, and the hardest to tell from the road.
PAINTS = (
    (150, 153, 156), (112, 115, 120), (196, 198, 200), (36, 38, 42), (66, 70, 76), (224, 224, 222),
    (128, 32, 34), (34, 56, 104), (46, 82, 66), (168, 150, 118), (186, 60, 40), (92, 128, 168),
)  # fmt: skip
GLASS, TYRE, RIM, TRIM = (48, 56, 64), (24, 24, 26), (128, 130, 134), (34, 35, 38)
HEADLAMP, TAILLAMP, PLATE = (232, 232, 222), (150, 18, 20), (212, 206, 178)


@dataclasses.dataclass(frozen=True)
class Body:
    """The side view of a kind of vehicle; lengths in metres, positions from its rear end.

    Args:
        length: From bumper to bumper.
        width: Of the body, without mirrors.
        height: Of the roof.
        belt: Height of the lower edge of the windows.
        deck: Height of the boot lid at the rear end.
        bonnet: Height of the bonnet at the front end.
        roof: Positions of the (rear, front) ends of the roof.
        pillars: Positions of the feet of the (rear, front) window.
        axles: Positions of the (rear, front) axle.
        wheel: Radius of a wheel.
        inset: How much narrower than the body the roof is on either side.
        windows: Windows on each side; 0 for a van, which has one beside the driver only.
    """

    length: float
    width: float
    height: float
    belt: float
    deck: float
    bonnet: float
    roof: tuple[float, float]
    pillars: tuple[float, float]
    axles: tuple[float, float]
    wheel: float
    inset: float
    windows: int


BODIES = (
    # hatchback, saloon, estate, off-roader, van, bus
    Body(3.9, 1.72, 1.47, 0.95, 0.93, 0.8, (0.5, 2.25), (0.1, 2.95), (0.65, 3.15), 0.31, 0.2, 2),
    Body(4.6, 1.8, 1.43, 0.93, 0.98, 0.78, (1.25, 2.6), (0.6, 3.35), (0.95, 3.7), 0.32, 0.22, 2),
    Body(4.7, 1.82, 1.5, 0.95, 0.95, 0.8, (0.45, 2.7), (0.12, 3.4), (0.95, 3.75), 0.33, 0.2, 3),
    Body(4.5, 1.9, 1.75, 1.1, 1.08, 1.0, (0.4, 2.5), (0.1, 3.15), (0.85, 3.6), 0.38, 0.16, 2),
    Body(5.2, 1.98, 2.25, 1.2, 1.2, 1.05, (0.1, 3.9), (0.0, 4.5), (0.95, 4.25), 0.36, 0.1, 0),
    Body(10.5, 2.5, 3.0, 1.35, 1.3, 1.2, (0.1, 10.3), (0.0, 10.5), (2.6, 8.2), 0.48, 0.06, 6),
)
SHARES = (0.3, 0.22, 0.16, 0.16, 0.12, 0.04)


class Vehicle:
    """A vehicle that stands or drives.

    Args:
        rng: Decides its kind and color.
        place: World coordinates (3,) of the ground below its middle.
        heading: Where it points.
        lamps_on: Whether its lamps are lit.
        bus: Whether it may be a bus.
    """

    sight = 110.0

    def __init__(self, rng, place, heading: float, lamps_on: bool, bus: bool = True):
        shares = np.array(SHARES) * (1, 1, 1, 1, 1, bus)
        self.body = BODIES[rng.choice(len(BODIES), p=shares / shares.sum())]
        paint = np.array(PAINTS[rng.integers(len(PAINTS))]) * rng.uniform(0.85, 1.1)
        self._paint, self._lamps_on = np.clip(paint, 0, 240), lamps_on
        self.anchor, self.heading = np.asarray(place), heading

    @functools.cached_property
    def _solid(self) -> Solid:
        """Its shape; many a car is never seen and need not be built."""
        return _build(self.body, self._paint, glow=0.9 * self._lamps_on)

    def move(self, place: np.ndarray, heading: float) -> None:
        """Puts it elsewhere."""
        self.anchor, self.heading = place, heading

    def paint(self, painter: Painter) -> None:
        """Paints it, and the glow of its lamps."""
        painter.solid(self._solid, self.anchor, self.heading)
        if not self._lamps_on:
            return
        oncoming = forward(self.heading) @ (painter.camera.position - self.anchor) > 0
        end, color = (0.5, (230, 225, 195)) if oncoming else (-0.5, (190, 20, 18))
        for side in (-0.36, 0.36):
            lamp = np.array([[side * self.body.width, 0.66, end * self.body.length]])
            place = self.anchor + turn(lamp, self.heading)[0]
            painter.lamp(place, 0.75 if oncoming else 0.45, color)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The dark below it, and its shadow in the sun."""
        x, z = self.body.width / 2, self.body.length / 2
        base = turn(np.array([(-x, 0, -z), (x, 0, -z), (x, 0, z), (-x, 0, z)]), self.heading)
        below = (self.anchor + 1.06 * base, 0.62)
        return [*cast(self.anchor + 0.94 * base, 0.9 * self.body.height, weather), below]


def _build(body: Body, paint: np.ndarray, glow: float) -> Solid:
    """Puts a vehicle together: wheels, cabin, body below the windows, and its two ends."""
    builder = SolidBuilder()
    _add_tyres(builder, body)
    _add_cabin(builder, body, tuple(paint))
    _add_sides(builder, body, paint)
    _add_end(builder, body, paint, -1, TAILLAMP, glow)
    _add_end(builder, body, paint, 1, HEADLAMP, glow)
    return builder.build()


def _mirrored(builder: SolidBuilder, points, color: Color) -> None:
    """Adds a face of the right side, points (x, y, z) counterclockwise, and its mirror image."""
    builder.face(points, color, Class.CAR)
    builder.face([(-x, y, z) for x, y, z in reversed(points)], color, Class.CAR)


def _add_tyres(builder: SolidBuilder, body: Body) -> None:
    """Tyres as seen from the ends; their sides are painted over the body later."""
    x, tread = body.width / 2 - 0.04, 0.22
    for axle in body.axles:
        z, top = axle - body.length / 2, 2 * body.wheel
        for left, right in ((-x, tread - x), (x - tread, x)):
            rear = [(left, 0, z), (right, 0, z), (right, top, z), (left, top, z)]
            builder.face(rear, TYRE, Class.CAR)
            builder.face(rear[::-1], TYRE, Class.CAR)


def _add_cabin(builder: SolidBuilder, body: Body, paint: Color) -> None:
    """The windows in their frames, and the roof."""
    low = body.width / 2 - 0.06
    top = low - body.inset
    feet, roof = np.array((body.pillars, body.roof)) - body.length / 2
    belt, height = body.belt - 0.02, body.height
    side = [(low, belt, feet[0]), (low, belt, feet[1]), (top, height, roof[1])]
    side.append((top, height, roof[0]))
    _mirrored(builder, side, paint)
    cuts = np.linspace(0, 1, body.windows + 1) if body.windows else np.array((0.74, 1.0))
    for start, end in zip(cuts[:-1], cuts[1:], strict=True):
        lower, upper = (z[0] + (z[1] - z[0]) * np.array((start, end)) for z in (feet, roof))
        pane = [(low, belt, lower[0]), (low, belt, lower[1])]
        pane += [(top, height, upper[1]), (top, height, upper[0])]
        _mirrored(builder, _shrunk(pane, 0.13, (0.004, 0.01, 0)), GLASS)
    front = [(low, belt, feet[1]), (-low, belt, feet[1])]
    front += [(-top, height, roof[1]), (top, height, roof[1])]
    back = [(-low, belt, feet[0]), (low, belt, feet[0])]
    back += [(top, height, roof[0]), (-top, height, roof[0])]
    for frame in (front, back):
        builder.face(frame, paint, Class.CAR)
        builder.face(_shrunk(frame, 0.12, (0, 0, 0)), GLASS, Class.CAR)
    cover = [(-top, height, roof[0]), (top, height, roof[0])]
    builder.face([*cover, (top, height, roof[1]), (-top, height, roof[1])], paint, Class.CAR)


def _shrunk(points, share: float, shift) -> list[tuple[float, float, float]]:
    """Moves the corners of a face towards its middle, and all of it by `shift`."""
    points = np.array(points)
    return [tuple(p) for p in points + (points.mean(axis=0) - points) * share + shift]


def _add_sides(builder: SolidBuilder, body: Body, paint: np.ndarray) -> None:
    """The sides up to the windows, the lids, and the wheels on the sides."""
    x, rear, front = body.width / 2, -body.length / 2, body.length / 2
    sill, waist = 0.7 * body.wheel, 0.62 * body.belt
    feet = rear + np.array(body.pillars)
    tuck = x - 0.06  # the side curves inwards below the waist and above it
    lower = [(tuck, sill, rear), (tuck, sill, front), (x, waist, front)]
    _mirrored(builder, [*lower, (x, waist, rear)], tuple(0.8 * paint))
    upper = [(x, waist, rear), (x, waist, front), (tuck, body.bonnet, front - 0.12)]
    upper += [
        (tuck, body.belt, feet[1]),
        (tuck, body.belt, feet[0]),
        (tuck, body.deck, rear + 0.05),
    ]
    _mirrored(builder, upper, tuple(paint))
    bonnet = [(-tuck, body.bonnet, front - 0.12), (-tuck, body.belt, feet[1])]
    bonnet += [(tuck, body.belt, feet[1]), (tuck, body.bonnet, front - 0.12)]
    builder.face(bonnet, tuple(paint), Class.CAR)
    lid = [(-tuck, body.deck, rear + 0.05), (tuck, body.deck, rear + 0.05)]
    lid += [(tuck, body.belt, feet[0]), (-tuck, body.belt, feet[0])]
    builder.face(lid, tuple(paint), Class.CAR)
    turns = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    for axle in body.axles:
        for size, out, color in ((1.15, 0.005, TRIM), (1.0, 0.01, TYRE), (0.62, 0.015, RIM)):
            y = np.maximum(body.wheel * (1 + size * np.sin(turns)), 0)
            z = rear + axle + size * body.wheel * np.cos(turns)
            _mirrored(builder, [(x + out, *point) for point in zip(y, z, strict=True)], color)


def _add_end(builder, body: Body, paint: np.ndarray, end: int, lamp: Color, glow: float) -> None:
    """The rear (-1) or front (1) face: sheet metal, bumper, lamps, grille and number plate."""
    x, z = body.width / 2, end * body.length / 2
    top = body.deck if end < 0 else body.bonnet
    sill, waist = 0.7 * body.wheel, 0.62 * body.belt

    def panel(left, right, low, high, color, glow=0.0, lean=0.0):
        """A rectangle; left and right as shares of the half width."""
        points = [(left * x, low, z), (right * x, low, z)]
        points += [(right * x, high, z - end * lean), (left * x, high, z - end * lean)]
        builder.face(points[::-end], color, Class.CAR, glow)

    panel(-1, 1, waist - 0.04, top, tuple(paint), lean=0.1)
    panel(-1, 1, sill, waist, tuple(0.86 * paint))
    panel(-0.98, 0.98, sill, sill + 0.16, TRIM)
    if end > 0:
        panel(-0.5, 0.5, waist - 0.03, top - 0.06, TRIM)
    high = top - 0.04
    for left, right in ((-0.97, -0.58), (0.58, 0.97)):
        panel(left, right, high - (0.24 if end < 0 else 0.17), high, lamp, glow)
    panel(-0.3, 0.3, waist - 0.16, waist - 0.04, PLATE)
