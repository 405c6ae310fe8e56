"""What stands along one block of the street: houses, gardens, fences, signs, parked cars, marks."""

import dataclasses

import numpy as np

from seg_keras.data.roads.buildings import Building
from seg_keras.data.roads.camera import Polygons
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.facades import Facades
from seg_keras.data.roads.fences import Fence, fence_texture
from seg_keras.data.roads.ground import Marks
from seg_keras.data.roads.groundlight import Shadows
from seg_keras.data.roads.plants import Foliage, Hedge, Tree
from seg_keras.data.roads.posts import bollard, lamp_post, mast
from seg_keras.data.roads.signs import traffic_light, traffic_sign
from seg_keras.data.roads.solids import Color
from seg_keras.data.roads.street import KERB, Span, Street
from seg_keras.data.roads.things import Thing
from seg_keras.data.roads.vehicles import Vehicle
from seg_keras.data.roads.weather import Weather

LENGTH = 42.0  # metres of street in a block
PANEL = 4.8  # metres of fence in a panel
SLOT = 3.0  # metres of kerb that one post or tree has to itself
CROSSING = (6.0, 10.0)  # where in its block a zebra crossing lies


# Positions and offsets (2, N) of the corners, color, class, and the sight in metres.
Mark = tuple[np.ndarray, Color, Class, float]


@dataclasses.dataclass(frozen=True)
class Block:
    """A stretch of street with all that never moves.

    Args:
        things: What stands there.
        marks: What is painted on the ground.
        shadows: What does not move of the shadows.
        crossing: Whether there is a zebra crossing.
    """

    things: list[Thing]
    marks: Marks
    shadows: Shadows
    crossing: bool


class BlockBuilder:
    """Lays out one block.

    Args:
        rng: Decides everything; a generator per block makes a block the same whenever it is built.
        street: Where it lies.
        weather: The light that fences are painted in.
        facades: Paints its walls.
        foliage: The crowns of its trees.
        start: Position along the street in metres.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        street: Street,
        weather: Weather,
        facades: Facades,
        foliage: Foliage,
        start: float,
    ):
        self._rng, self._street, self._weather = rng, street, weather
        self._facades, self._foliage, self._start = facades, foliage, start
        self._things: list[Thing] = []
        self._marks: list[Mark] = []
        self._crossing = bool(rng.random() < 0.28)

    def build(self) -> Block:
        """Places everything."""
        for side in (-1, 1):
            self._place_frontage(side)
            self._place_kerbside(side)
            if self._street.parking[side > 0]:
                self._place_parked_cars(side)
        self._mark_wear()
        self._lay_slabs()
        self._mark_lanes()
        if self._crossing:
            self._mark_crossing()
        shadows = [shadow for thing in self._things for shadow in thing.shadows(self._weather)]
        return Block(self._things, self._lay_marks(), Shadows.join(shadows), self._crossing)

    def _lay_marks(self) -> Marks:
        """Turns positions and offsets into world points, of all marks at once."""
        outlines, colors, classes, sights = zip(*self._marks, strict=True)
        lengths = np.array([outline.shape[1] for outline in outlines])
        along, offset = np.concatenate(outlines, axis=1)
        points = self._street.path.at(self._start + along, offset)
        heights = np.where(np.array(classes) == Class.ROAD, 0.0, KERB)
        points[:, 1] = np.repeat(heights, lengths)
        arrays = (np.array(values) for values in (colors, classes, sights))
        return Marks(Polygons(points, lengths), *arrays)

    def _at(self, along: float, offset: float, height: float = KERB) -> np.ndarray:
        return self._street.path.at(self._start + along, offset, height)[0]

    def _heading(self, along: float) -> float:
        return float(self._street.path.heading(self._start + along))

    def _span(self, start: float, end: float, side: int, offset: float) -> Span:
        return self._street.span(self._start + start, self._start + end, side, offset)

    # Behind the pavement

    def _place_frontage(self, side: int) -> None:
        rng, street = self._rng, self._street
        setback = street.setback[side > 0]
        start, neighbour = 0.0, None
        while start < LENGTH - 1:
            width = rng.uniform(9, 17)
            end = start + width if LENGTH - start - width > 8 else LENGTH
            if rng.random() > street.greenery:
                neighbour = self._add_town_house(side, start, end, 0.3 * setback, neighbour)
                if rng.random() < 0.22:
                    self._add_border(side, start, end)
            else:
                neighbour = None
                self._add_border(side, start, end)
                if rng.random() < 0.6:
                    back = setback + rng.uniform(2.5, 5)
                    self._add_family_house(side, start, end, back)
                    self._add_greens(side, start, end, count=1, deep=back - 1.5)
                else:
                    self._add_greens(side, start, end, int(rng.integers(2, 5)), deep=13.0)
            start = end

    def _add_town_house(self, side: int, start, end, back, neighbour) -> Building | None:
        """Adds a house; gives it where the next one may lean on it."""
        gap = 0.0 if self._rng.random() < 0.7 else 2.0
        offset = self._street.frontage(side) + side * (back + 0.2)
        front = self._span(start, end - gap, side, offset)
        house = Building(self._rng, self._facades, front, town=True, leans_on=neighbour)
        self._things.append(house)
        return house if gap == 0 else None

    def _add_family_house(self, side: int, start: float, end: float, back: float) -> None:
        margin = (end - start) * self._rng.uniform(0.1, 0.2)
        offset = self._street.frontage(side) + side * back
        front = self._span(start + margin, end - margin, side, offset)
        self._things.append(Building(self._rng, self._facades, front, town=False))

    def _add_border(self, side: int, start: float, end: float) -> None:
        """A fence or a hedge where the pavement ends, or nothing."""
        rng, offset = self._rng, self._street.frontage(side) + side * 0.08
        kind = rng.choice(("fence", "hedge", "none"), p=(0.62, 0.2, 0.18))
        foot = self._span(start, end - 1, side, offset)
        if kind == "hedge":
            self._things.append(Hedge(rng, self._foliage, foot))
        elif kind == "fence":
            texture, height = fence_texture(rng, self._weather, normal=-foot.outward)
            edges = np.linspace(start, end, round((end - start) / PANEL) + 1)
            for first, last in zip(edges[:-1], edges[1:], strict=True):
                panel = self._span(first, last, side, offset)
                self._things.append(Fence(texture, panel, height))

    def _add_greens(self, side: int, start: float, end: float, count: int, deep: float) -> None:
        rng = self._rng
        for _ in range(count):
            offset = self._street.frontage(side) + side * rng.uniform(1.2, max(deep, 1.3))
            place = self._at(start + (end - start) * rng.uniform(0.1, 0.9), offset)
            self._things.append(Tree(rng, self._foliage, place, small=bool(rng.random() < 0.35)))

    # On the pavement and at the kerb

    def _place_kerbside(self, side: int) -> None:
        """Gives each slot of the kerb at most one thing: lamps, signs, trees, bollards."""
        rng, street = self._rng, self._street
        slots = rng.permutation(int(LENGTH / SLOT))
        planted = 3 if rng.random() < street.greenery else 0
        kinds = ["lamp", "lamp"] + ["sign"] * int(rng.integers(1, 4)) + ["tree"] * planted
        kinds += ["mast"] * int(rng.random() < 0.35) + ["bollard"] * int(rng.integers(0, 3))
        for kind, slot in zip(kinds, slots, strict=False):
            along = (slot + 0.5) * SLOT
            place = self._at(along, street.kerb(side) + side * rng.uniform(0.4, 0.6))
            heading = self._heading(along)
            # Signs face those who drive on their side, and some who drive on the other.
            ours = side == street.traffic_side or rng.random() < 0.45
            facing = heading if ours else heading + np.pi
            if kind == "lamp":
                self._things.append(lamp_post(rng, place, heading, inwards=-side))
            elif kind == "sign":
                self._things.append(traffic_sign(rng, place, facing))
            elif kind == "mast":
                self._things.append(mast(rng, place, heading))
            elif kind == "bollard":
                self._things.append(bollard(rng, place, heading))
            else:
                self._things.append(Tree(rng, self._foliage, place))
        if self._crossing:
            along = CROSSING[0] - 1.0 if side == street.traffic_side else CROSSING[1] + 1.0
            place = self._at(along, street.kerb(side) + side * 0.45)
            facing = self._heading(along) + (0 if side == street.traffic_side else np.pi)
            self._things.append(traffic_light(rng, place, facing))

    def _place_parked_cars(self, side: int) -> None:
        rng, street = self._rng, self._street
        offset = street.kerb(side) - side * (street.parking[side > 0] / 2 + 0.05)
        along = rng.uniform(0, 4)
        while along < LENGTH - 5.3:
            middle = along + 2.6
            free = self._crossing and along < CROSSING[1] + 2
            if not free and rng.random() < 0.68:
                turned = rng.random() < 0.2
                ours = side == street.traffic_side
                heading = self._heading(middle) + (0.0 if ours != turned else np.pi)
                place = self._at(middle, offset + rng.uniform(-0.12, 0.12), height=0.0)
                heading += rng.uniform(-0.03, 0.03)
                self._things.append(Vehicle(rng, place, heading, lamps_on=False, bus=False))
            along += rng.uniform(5.5, 6.6)

    # On the ground

    def _stripe(self, along, offsets, color: Color, label=Class.ROAD, sight=130.0) -> None:
        """A strip of ground along positions (N,), between two offsets."""
        there = np.asarray(along, "float64")
        sides = [np.full(len(there), offset) for offset in offsets]
        outline = np.stack([np.concatenate([there, there[::-1]]), np.concatenate(sides)])
        self._marks.append((outline, color, label, sight))

    def _mark_lanes(self) -> None:
        street = self._street
        white, yellow = (205, 205, 202), (196, 168, 62)
        for start in np.arange(0.0, LENGTH, 7.0):
            if self._crossing and CROSSING[0] - 7 < start < CROSSING[1] + 1:
                continue
            for lane in range(1 - street.lanes, street.lanes):
                middle = lane * street.lane_width
                double = lane == 0 and street.lanes > 1
                end = start + (7.0 if double else 3.0)
                for offset in (-0.14, 0.14) if double else (0.0,):
                    near = middle + offset
                    self._stripe((start, end), (near - 0.06, near + 0.06), white)
        pieces = np.linspace(0, LENGTH, 12)
        for side in (-1, 1):
            edge = street.lanes_edge(side)
            if street.parking[side > 0] or street.shoulder > 1.2:
                self._stripe(pieces, (edge - 0.05, edge + 0.05), white)
            elif street.shoulder < 1.1:
                kerb = street.kerb(side) - side * 0.35
                self._stripe(pieces, (kerb - 0.05, kerb + 0.05), yellow)

    def _mark_crossing(self) -> None:
        left, right = self._street.kerb(-1) + 0.4, self._street.kerb(1) - 0.4
        for offset in np.arange(left, right - 0.5, 1.0):
            self._stripe(CROSSING, (offset, offset + 0.5), (208, 208, 204))
        line = CROSSING[0] - 2.2
        near = (0.1, self._street.lanes_edge(self._street.traffic_side))
        self._stripe((line, line + 0.3), near, (205, 205, 202))

    def _mark_wear(self) -> None:
        """Repaired asphalt, manholes and drains."""
        rng, street = self._rng, self._street
        for _ in range(int(rng.integers(1, 4))):
            along, offset = rng.uniform(0, LENGTH - 8), rng.uniform(street.kerb(-1), street.kerb(1))
            width = rng.uniform(0.5, 2.2)
            right = min(offset + width, street.kerb(1) - 0.1)
            tone = street.tar * rng.uniform(0.84, 1.1)
            self._stripe((along, along + rng.uniform(1, 7)), (offset, right), (tone, tone, tone))
        turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        circle = 0.34 * np.stack([np.cos(turns), np.sin(turns)])
        for _ in range(2):
            lane = rng.uniform(street.kerb(-1) + 1, street.kerb(1) - 1)
            center = np.array([[rng.uniform(0, LENGTH)], [lane]])
            self._marks.append((center + circle, (58, 56, 54), Class.ROAD, 50.0))

    def _lay_slabs(self) -> None:
        """The joints of the pavement."""
        street = self._street
        for side in (-1, 1):
            inner, outer = street.kerb(side) + side * 0.18, street.frontage(side)
            for along in np.arange(0, LENGTH, 2.0):
                span = (along, along + 0.035)
                self._stripe(span, (inner, outer), (70, 68, 66), Class.PAVEMENT, 22.0)
