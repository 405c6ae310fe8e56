"""Where the road ahead is free, and how far: an outline of the road with distance bands.

The road is followed upwards from the bottom of each column until something else stands on it.
What lies on a flat road below a level camera has its distance in its row of the picture: a point
`y` pixels below the horizon is `focal * height / y` ahead (the ground-plane case of the pinhole
camera: Hartley and Zisserman, "Multiple View Geometry", 2004, section 8.1). Slopes, a pitching car
and a wrong horizon make it wrong; at 40 m and 1.4 m of height, one pixel of 540 is about 2 m. So
it is a help for the eye, no measurement.
"""

import dataclasses
import math
from collections.abc import Sequence

import cv2
import numpy as np

from deploy.video.frame import Frame
from deploy.video.panels import padding, text_size
from deploy.video.text import GREY, WHITE, Panel, draw_text, text_width

ROADS = ("road", "lane marking", "road marking", "roadmarking", "lanemarking", "lane")
WIDTH = 480  # pixels of the classes that are looked at; outlines need no more
BANDS_M = (10.0, 20.0, 40.0)  # where one color ends and the next begins
# From near to far; told apart by people who see no red or green, too (Okabe and Ito, 2008).
COLORS = ((230, 159, 0), (240, 228, 66), (86, 180, 233))
TINT = 0.22  # of the bands
CAR_M = 2.0  # width of the way that has to be free
FARTHEST_M = 50.0  # beyond, a pixel is too many metres
BONNET = 0.3  # part of the picture that may be something else below the road
GAP = 5  # pixels of WIDTH: what is narrower, such as a lane marking, is part of the road


@dataclasses.dataclass(frozen=True)
class RoadCamera:
    """How the camera looks at the road, which is taken to be flat.

    Args:
        height_m: Above the road, in metres.
        degrees: Angle of view from the left to the right edge, above 0 and below 180.
        horizon: Where the horizon is, as a part of the picture's height from the top, 0 to 1.
    """

    height_m: float = 1.4
    degrees: float = 60.0
    horizon: float = 0.5

    def __post_init__(self):
        if not (self.height_m > 0 and 0 < self.degrees < 180 and 0 <= self.horizon < 1):
            raise ValueError(
                f"No such camera: {self}. Expected a height above 0 m, an angle of view between "
                f"0 and 180 degrees, and a horizon between 0 (top) and 1 (bottom)."
            )

    def rows(self, distances_m: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Rows, as float, in which points of the road at these distances lie."""
        return self.horizon * size[0] + self._scale(size) / np.asarray(distances_m, "float64")

    def distances_m(self, rows: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Distances of the road in rows of a picture (height, width); infinite from the horizon."""
        below = np.asarray(rows, "float64") - self.horizon * size[0]
        return np.divide(
            self._scale(size), below, out=np.full(below.shape, np.inf), where=below > 0
        )

    def _scale(self, size: tuple[int, int]) -> float:
        focal = size[1] / 2 / math.tan(math.radians(self.degrees) / 2)
        return focal * self.height_m


class FreeSpace:
    """Draws the free road on pictures; a layer of the overlay.

    Args:
        class_names: One per class id; those called road or lane marking are the road.
        camera: How it looks at the road.

    Raises:
        ValueError: If no class is the road.
    """

    def __init__(self, class_names: Sequence[str], camera: RoadCamera):
        simple = [name.lower().replace("_", " ") for name in class_names]
        ids = [index for index, name in enumerate(simple) if name in ROADS]
        if not ids:
            raise ValueError(
                f"Free space needs a class called road; this model has {', '.join(class_names)}."
            )
        self._is_road = np.zeros(256, "uint8")
        self._is_road[ids] = 1
        self._camera = camera

    def __call__(self, picture: np.ndarray, frame: Frame) -> None:
        """Draws bands, outline and distances into a picture, uint8 (H, W, 3)."""
        free = self.free(frame.classes)
        size = picture.shape[:2]
        scale = size[1] / free.shape[1]
        line = max(1, round(min(size) / 360))
        text = text_size(min(size))
        rows = self._camera.rows(BANDS_M, free.shape)
        edges = [free.shape[0], *(min(max(0, round(row)), free.shape[0]) for row in rows)]
        for color, bottom, top in zip(COLORS, edges, edges[1:], strict=False):
            band = free.copy()
            band[:top] = band[bottom:] = 0
            _draw_band(picture, band, color, scale, line)
        for distance_m, row in zip(BANDS_M, edges[1:], strict=True):
            _write_distance(picture, free, row, f"{distance_m:.0f} m", scale, text)
        self._write_way(picture, self.ahead_m(free), text)

    def free(self, classes: np.ndarray) -> np.ndarray:
        """Where the road is free, 1 or 0, uint8 (h, w) of at most `WIDTH` columns."""
        height, width = classes.shape
        road = cv2.LUT(classes, self._is_road)
        if width > WIDTH:
            size = WIDTH, max(1, round(height * WIDTH / width))
            road = cv2.resize(road, size, interpolation=cv2.INTER_NEAREST)
        road = cv2.morphologyEx(road, cv2.MORPH_CLOSE, np.ones((GAP, GAP), "uint8"))
        upwards = road[::-1].astype(bool)
        begun = np.logical_or.accumulate(upwards, axis=0)
        ended = np.logical_or.accumulate(begun & ~upwards, axis=0)
        free = upwards & ~ended
        free &= begun[: max(1, round(BONNET * len(free)))].any(axis=0)
        return _main_part(np.ascontiguousarray(free[::-1]).astype("uint8"))

    def ahead_m(self, free: np.ndarray) -> float:
        """How far a way as wide as a car is free, straight ahead: 0 to `FARTHEST_M`."""
        height, width = free.shape
        rows = np.arange(height)
        distances = self._camera.distances_m(rows + 0.5, free.shape)
        below = (rows + 0.5 - self._camera.horizon * height)[:, np.newaxis]
        aside = np.abs(np.arange(width) + 0.5 - width / 2)
        # On the road, a metre is as many pixels wide as the horizon is pixels above, by height.
        way = aside <= np.maximum(below, 0) * CAR_M / 2 / self._camera.height_m
        free_rows = ~(way & (free == 0)).any(axis=1)[::-1]
        start = int(np.argmax(free_rows))  # above the bonnet
        if not free_rows[start] or start > BONNET * height:
            return 0.0
        stops = ~free_rows[start:]
        end = height - 1 - start - int(np.argmax(stops)) if stops.any() else 0  # row that ends it
        return float(min(distances[end], FARTHEST_M))

    def _write_way(self, picture: np.ndarray, ahead_m: float, size: int) -> None:
        """The result and what it rests on, at the bottom left."""
        camera, pad = self._camera, padding(size)
        small = max(10, round(size * 0.8))
        more = " or more" if ahead_m == FARTHEST_M else ""
        result = f"way ahead free for {ahead_m:.0f} m{more}"
        basis = (
            f"if flat: camera {camera.height_m:g} m high, {camera.degrees:g}° wide, "
            f"horizon {100 * camera.horizon:.0f}%"
        )
        width = max(text_width(result, size, True), text_width(basis, small)) + 2 * pad
        panel = Panel(round(size * 3.4), width, radius=size // 2)
        panel.text(result, pad, round(size * 1.45), size, WHITE, bold=True)
        panel.text(basis, pad, round(size * 2.7), small, GREY)
        top = picture.shape[0] - panel.size[0] - size
        if top >= 0 and size + width <= picture.shape[1]:
            panel.lay_over(picture, top, size)


def _main_part(free: np.ndarray) -> np.ndarray:
    """Only the largest connected part: roads behind a kerb are not ours."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
    if count < 2:
        return free
    return np.uint8(parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def _draw_band(
    picture: np.ndarray, band: np.ndarray, color: tuple[int, int, int], scale: float, line: int
) -> None:
    """Tints and outlines one band of the free road."""
    outlines, _ = cv2.findContours(band, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return
    # Pixel centres of the small picture, in pixels of the large one.
    outlines = [np.rint((points + 0.5) * scale - 0.5).astype("int32") for points in outlines]
    left, top, width, height = cv2.boundingRect(np.concatenate(outlines))
    part = picture[max(top, 0) : top + height, max(left, 0) : left + width]
    tinted = part.copy()
    cv2.drawContours(tinted, outlines, -1, color, cv2.FILLED, offset=(-max(left, 0), -max(top, 0)))
    cv2.addWeighted(part, 1 - TINT, tinted, TINT, 0, dst=part)
    cv2.drawContours(picture, outlines, -1, color, line, cv2.LINE_AA)


def _write_distance(
    picture: np.ndarray, free: np.ndarray, row: int, text: str, scale: float, size: int
) -> None:
    """Writes a distance to the right of the free road in that row, of its part ahead of us."""
    columns = np.flatnonzero(free[row]) if 0 <= row < len(free) else np.empty(0, int)
    if not columns.size:
        return
    parts = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    ahead = min(parts, key=lambda part: np.abs(part - free.shape[1] / 2).min())
    left = round((ahead[-1] + 1) * scale) + size // 3
    left = min(left, picture.shape[1] - text_width(text, size, True) - size // 3)
    baseline = round(row * scale) + size // 3
    for shift in (1, 0):  # a dark copy below keeps it readable over anything
        place = left + shift, baseline + shift
        draw_text(picture, text, *place, size, WHITE if shift == 0 else (16, 20, 26), True)
