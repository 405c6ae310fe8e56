"""The street itself: an endless curved centre line, and what lies across it."""

import dataclasses
import functools

import numpy as np

from seg_keras.data.roads.camera import forward, rightward

KERB = 0.12  # metres that the pavement lies above the road
BLOCK = 64  # metres of centre line that are laid at a time


class Path:
    """An endless smooth curve on the ground, walked from 0 upwards.

    Positions along it are metres of its length; offsets are metres to its right.

    Args:
        rng: Decides the bends.
        bend: How far the heading swings to either side, in radians.
    """

    def __init__(self, rng: np.random.Generator, bend: float):
        lengths = rng.uniform((140, 280, 520), (220, 420, 900))
        self._swings = bend * rng.uniform(0.4, 1.0, 3) * lengths / lengths.sum()
        self._frequencies = 2 * np.pi / lengths
        self._phases = rng.uniform(0, 2 * np.pi, 3)
        self._first = -BLOCK  # position of the first stored point
        self._points = np.zeros((1, 3))

    def heading(self, along):
        """The heading in radians at positions (...) along the path."""
        waves = np.sin(np.multiply.outer(along, self._frequencies) + self._phases)
        return waves @ self._swings

    def frame(self, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points (N, 3) at positions (N,), and the unit vectors (N, 3) to their right."""
        self._lay(along.max())
        grid = self._first + np.arange(len(self._points))
        points = [np.interp(along, grid, column) for column in self._points.T]
        headings = self.heading(along)
        right = [np.cos(headings), np.zeros(len(along)), -np.sin(headings)]
        return np.stack(points, axis=1), np.stack(right, axis=1)

    def at(self, along, offset=0.0, height: float = 0.0) -> np.ndarray:
        """World points (N, 3) at positions (N,) along the path and offsets (N,) beside it."""
        along, offset = np.broadcast_arrays(np.atleast_1d(along).astype("float64"), offset)
        points, right = self.frame(along)
        return points + right * offset[:, None] + (0, height, 0)

    def forget(self, before: float) -> None:
        """Drops what lies before a position, so that an endless drive needs no more memory."""
        stale = int(before) - self._first
        if stale >= BLOCK:
            self._first += stale
            self._points = self._points[stale:]

    def _lay(self, until: float) -> None:
        while self._first + len(self._points) - 1 < until:
            middles = self._first + len(self._points) - 0.5 + np.arange(BLOCK)
            headings = self.heading(middles)
            steps = np.stack([np.sin(headings), np.zeros(BLOCK), np.cos(headings)], axis=1)
            self._points = np.concatenate(
                [self._points, self._points[-1] + np.cumsum(steps, axis=0)]
            )


@dataclasses.dataclass(frozen=True)
class Span:
    """A straight piece of ground along one side of the street, such as the foot of a front.

    Args:
        middle: World coordinates (3,) of its middle.
        heading: The heading of the street there.
        side: -1 on the left of the street, 1 on the right.
        length: Metres.
    """

    middle: np.ndarray
    heading: float
    side: int
    length: float

    @functools.cached_property
    def along(self) -> np.ndarray:
        """The unit vector (3,) in the direction of the street."""
        return forward(self.heading)

    @functools.cached_property
    def outward(self) -> np.ndarray:
        """The unit vector (3,) away from the street."""
        return self.side * rightward(self.heading)

    @functools.cached_property
    def across(self) -> np.ndarray:
        """From its left end to its right end (3,), as seen by somebody in the street."""
        return -self.side * self.length * self.along

    @functools.cached_property
    def ends(self) -> np.ndarray:
        """Its near and its far end (2, 3)."""
        return self.middle + np.outer((-0.5, 0.5), self.length * self.along)

    def footprint(self, depth: float) -> np.ndarray:
        """The corners (4, 3) of a rectangle from here outwards."""
        return np.concatenate([self.ends, self.ends + depth * self.outward])


@dataclasses.dataclass(frozen=True)
class Street:
    """What lies across the street; sides are -1 (left) and 1 (right).

    Args:
        path: Its centre line.
        traffic_side: The side we drive on.
        lanes: Lanes per direction.
        lane_width: Metres.
        shoulder: Metres between the outer lane and parked cars or the kerb, where bicycles ride.
        parking: Metres for parked cars per side (left, right), 0 for none.
        pavement: Metres of pavement per side (left, right).
        setback: Metres between the pavement and the houses per side (left, right).
        greenery: Share of the frontage that is gardens and parks, 0 (town) to 1 (country).
        tar: Brightness of the asphalt, 0 to 255.
        paved_yards: Whether the ground behind the pavement is paved; otherwise it is lawn.
    """

    path: Path
    traffic_side: int
    lanes: int
    lane_width: float
    shoulder: float
    parking: tuple[float, float]
    pavement: tuple[float, float]
    setback: tuple[float, float]
    greenery: float
    tar: float
    paved_yards: bool

    def lane(self, side: int, index: int) -> float:
        """The offset of the middle of a lane; index 0 is next to the centre line."""
        return side * (index + 0.5) * self.lane_width

    def lanes_edge(self, side: int) -> float:
        """The offset where the outer lane ends."""
        return side * self.lanes * self.lane_width

    def cycling(self, side: int) -> float:
        """The offset where bicycles ride."""
        return self.lanes_edge(side) + side * 0.55 * self.shoulder

    def kerb(self, side: int) -> float:
        """The offset of the kerb."""
        return self.lanes_edge(side) + side * (self.shoulder + self.parking[side > 0])

    def frontage(self, side: int) -> float:
        """The offset where the pavement ends."""
        return self.kerb(side) + side * self.pavement[side > 0]

    def span(self, start: float, end: float, side: int, offset: float) -> Span:
        """The straight piece between two positions at an offset, on the level of the pavement."""
        first, last = self.path.at(np.array((start, end)), offset, KERB)
        x, _, z = last - first
        return Span((first + last) / 2, float(np.arctan2(x, z)), side, float(np.hypot(x, z)))


def random_street(rng: np.random.Generator) -> Street:
    """Draws a street, from a narrow one in town to a wide one in the green."""
    greenery = rng.uniform(0.1, 0.75)
    return Street(
        path=Path(rng, bend=rng.choice((0.15, 0.6, 1.3), p=(0.35, 0.4, 0.25))),
        traffic_side=int(rng.choice((-1, 1))),
        lanes=int(rng.choice((1, 2), p=(0.78, 0.22))),
        lane_width=rng.uniform(2.9, 3.5),
        shoulder=rng.uniform(0.9, 1.7),
        parking=tuple(rng.choice((0.0, 2.1), size=2, p=(0.55, 0.45))),
        pavement=tuple(rng.uniform(2.2, 4.8, size=2)),
        setback=tuple(rng.uniform(0.0, 1.5, size=2) + 5 * greenery * rng.random(2)),
        greenery=greenery,
        tar=rng.uniform(68, 122),
        paved_yards=bool(rng.random() > 0.35 + 0.65 * greenery),
    )
