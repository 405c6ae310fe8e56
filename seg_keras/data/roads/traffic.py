"""What moves: cars in their lanes, bicycles at the edge of the road, people on the pavement."""

import dataclasses

import numpy as np

from seg_keras.data.roads.layout import CROSSING, LENGTH
from seg_keras.data.roads.people import Bicyclist, Pedestrian
from seg_keras.data.roads.street import KERB, Street
from seg_keras.data.roads.things import SIGHT
from seg_keras.data.roads.vehicles import Vehicle
from seg_keras.data.roads.weather import Weather

BEHIND = 14.0  # metres behind us in which things go on moving
BEYOND = 40.0  # metres behind and beyond what can be seen in which cars wait for their entrance
STEP_OUT, ACROSS = 66.0, 18.0  # metres ahead of us at which people start and end crossing


@dataclasses.dataclass
class Mover:
    """Something that moves along the street.

    Args:
        thing: What it is.
        along: Position along the street in metres.
        offset: Metres to the right of the centre line.
        speed: Metres per second along the street, below 0 against its direction.
        height: Metres above the road.
        turned: How far it is turned away from the direction of the street, in radians.
    """

    thing: Vehicle | Pedestrian | Bicyclist
    along: float
    offset: float
    speed: float
    height: float
    turned: float

    def advance(self, seconds: float, ours: float) -> None:
        """Moves by some seconds, with us at the position `ours`."""
        self.along += self.speed * seconds


@dataclasses.dataclass
class Crosser(Mover):
    """Somebody who crosses the street in front of us, at a pace that brings no harm.

    Args:
        start: The offset of the kerb to start from.
        ahead: Share of the way across by which this one is ahead of others.
    """

    start: float
    ahead: float

    def advance(self, seconds: float, ours: float) -> None:
        """Walks as far across as our distance asks for."""
        share = (STEP_OUT - (self.along - ours)) / (STEP_OUT - ACROSS) + self.ahead
        self.offset = self.start * (1 - 2 * np.clip(share, 0, 1))


class Lane:
    """The cars of one lane, which keep their distances because all have the same speed.

    Args:
        rng: Decides the cars and their distances.
        offset: Metres to the right of the centre line.
        speed: Metres per second along the street, below 0 against its direction.
        our_speed: Ours; whoever is slower enters at the far end, whoever is faster from behind.
        spacing: Range of the distances between cars in metres.
        lamps_on: Whether the cars have their lamps lit.
    """

    def __init__(self, rng, offset: float, speed, our_speed, spacing, lamps_on: bool):
        self._rng, self._offset, self._speed = rng, offset, speed
        self._gain, self._spacing, self._lamps_on = speed - our_speed, spacing, lamps_on
        self.cars: list[Mover] = []

    def fill(self, start: float, end: float) -> None:
        """Puts cars between two positions, until none fits any more."""
        along = max((car.along for car in self.cars), default=start)
        while (along := along + self._rng.uniform(*self._spacing)) < end:
            self._add(along)

    def renew(self, ours: float) -> None:
        """Drops the cars that are out of sight for good, and lets others enter."""
        first, last = ours - BEYOND, ours + SIGHT + BEYOND
        self.cars = [car for car in self.cars if first < car.along < last]
        if self._gain < 0:
            self.fill(ours + SIGHT, last)
        elif self._gain > 0:
            along = min((car.along for car in self.cars), default=ours - BEHIND)
            while (along := along - self._rng.uniform(*self._spacing)) > first:
                self._add(along)

    def _add(self, along: float) -> None:
        turned = 0.0 if self._speed > 0 else np.pi
        car = Vehicle(self._rng, np.zeros(3), 0.0, self._lamps_on)
        offset = self._offset + self._rng.uniform(-0.2, 0.2)
        self.cars.append(Mover(car, along, offset, self._speed, 0.0, turned))


class Traffic:
    """Everything that moves in the part of the street that can be seen.

    Args:
        rng: Decides everything.
        street: Where it moves.
        weather: Lights the lamps, opens the umbrellas.
        our_lane: Index of our own lane.
        our_speed: Our own speed in metres per second.
        start: Our own position along the street in metres.
    """

    def __init__(
        self, rng, street: Street, weather: Weather, our_lane: int, our_speed: float, start: float
    ):
        self._rng, self._street, self._weather = rng, street, weather
        self._calm = bool(rng.random() < 0.4)  # few cars, so that people may cross
        spacing = (70, 200) if self._calm else (13, 60)
        self._others: list[Mover] = []
        self._lanes = []
        for side in (-1, 1):
            with_us = side == street.traffic_side
            for index in range(street.lanes):
                own = with_us and index == our_lane
                pace = our_speed * (1 if own else rng.uniform(0.7, 1.3) * (1 if with_us else -1))
                lane = Lane(
                    rng, street.lane(side, index), pace, our_speed, spacing, weather.lamps_on
                )
                first = start + (rng.uniform(-4, 12) if own else -BEHIND)
                lane.fill(first, start + SIGHT + BEYOND)
                self._lanes.append(lane)

    def things(self) -> list[Vehicle | Pedestrian | Bicyclist]:
        """All that moves."""
        return [mover.thing for mover in self._movers()]

    def populate(self, start: float, crossing: bool) -> None:
        """Adds people and bicycles to the block that starts at a position along the street."""
        rng, street = self._rng, self._street
        for side in (-1, 1):
            for _ in range(rng.poisson(3.4)):
                deep = rng.uniform(1.0, max(street.pavement[side > 0] - 0.4, 1.1))
                self._add_pedestrian(
                    start + rng.uniform(0, LENGTH), street.kerb(side) + side * deep
                )
            with_us = side == street.traffic_side
            for _ in range(rng.poisson(1.2 if with_us else 0.8)):
                turned = 0.0 if with_us else np.pi
                rider = Bicyclist(rng, np.zeros(3), 0.0)
                speed = rider.speed * np.cos(turned)
                along = start + rng.uniform(0, LENGTH)
                self._others.append(Mover(rider, along, street.cycling(side), speed, 0.0, turned))
        if crossing and self._calm:
            side = int(rng.choice((-1, 1)))
            for _ in range(int(rng.integers(1, 4))):
                self._add_crosser(start + rng.uniform(*CROSSING), street.kerb(side))

    def advance(self, ours: float, seconds: float) -> None:
        """Moves everything by some seconds, with us at the position `ours`."""
        for mover in self._movers():
            mover.advance(seconds, ours)
        last = ours + SIGHT + BEYOND
        self._others = [m for m in self._others if ours - BEHIND < m.along < last]
        for lane in self._lanes:
            lane.renew(ours)
        movers = self._movers()
        along = np.array([mover.along for mover in movers])
        places = self._street.path.at(along, np.array([mover.offset for mover in movers]))
        headings = self._street.path.heading(along)
        for mover, place, heading in zip(movers, places, headings, strict=True):
            mover.thing.move(place + (0, mover.height, 0), float(heading) + mover.turned)

    def _movers(self) -> list[Mover]:
        return self._others + [car for lane in self._lanes for car in lane.cars]

    def _add_pedestrian(self, along: float, offset: float) -> None:
        """One or two people, who walk or stand."""
        rng = self._rng
        walking = bool(rng.random() < 0.8)
        turned = rng.choice((0.0, np.pi)) if walking else rng.uniform(-np.pi, np.pi)
        speed = 0.0
        for index in range(1 + int(rng.random() < 0.3)):
            umbrella = self._weather.rain and rng.random() < 0.6
            person = Pedestrian(rng, np.zeros(3), 0.0, walking, umbrella)
            speed = speed or person.speed * np.cos(turned)
            beside = np.sign(offset) * 0.62 * index
            self._others.append(Mover(person, along, offset - beside, speed, KERB, turned))

    def _add_crosser(self, along: float, kerb: float) -> None:
        person = Pedestrian(self._rng, np.zeros(3), 0.0, walking=True)
        turned = -np.sign(kerb) * np.pi / 2
        ahead = self._rng.uniform(-0.2, 0.2)
        start = kerb + np.sign(kerb) * 0.6
        self._others.append(Crosser(person, along, start, 0.0, 0.0, turned, start, ahead))
