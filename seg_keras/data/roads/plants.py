"""Trees, bushes and hedges, with leaves painted once and shown at any size."""

import cv2
import numpy as np

from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Figure, Limb
from seg_keras.data.roads.street import Span
from seg_keras.data.roads.textures import Texture, noise
from seg_keras.data.roads.things import SIGHT, Shadow, cast, grown
from seg_keras.data.roads.weather import Weather

TEXELS = 224  # a side of a painted crown
LEAVES = (
    (74, 102, 44), (92, 116, 52), (58, 86, 46), (104, 122, 66), (124, 118, 52), (150, 104, 44),
    (64, 92, 66), (112, 84, 52),
)  # fmt: skip
BARK = (82, 68, 56)
HEDGE_DEPTH = 0.9  # metres


class Foliage:
    """The crowns that the trees of one world share.

    Args:
        rng: Decides their shapes and colors.
        weather: The light that they are painted in.
    """

    def __init__(self, rng: np.random.Generator, weather: Weather):
        self.crowns = [_crown(rng, weather, kind) for kind in ("round", "oval", "round", "cone")]
        self.bushes = [_crown(rng, weather, "bush") for _ in range(2)]
        light = weather.lit(np.ones((1, 3)), np.array([[0.0, 0.4, 0.0]]))[0]
        leaves = _leaves(rng, (96, 256)) * _pick(rng, LEAVES) * light
        leaves *= np.linspace(1.1, 0.6, 96)[:, None, None]
        self.hedge = Texture(np.clip(leaves, 0, 255).astype("uint8"))


class Tree:
    """A trunk with a crown; its kind decides how high it is.

    Args:
        rng: Decides its size.
        foliage: The crowns to choose from.
        place: World coordinates (3,) of its foot.
        small: A bush, which has no trunk.
    """

    sight = 0.8 * SIGHT

    def __init__(self, rng, foliage: Foliage, place: np.ndarray, small: bool = False):
        crowns = foliage.bushes if small else foliage.crowns
        self._crown = crowns[rng.integers(len(crowns))]
        height = rng.uniform(0.8, 1.8) if small else rng.uniform(5.0, 10.5)
        self._trunk = 0.0 if small else height * rng.uniform(0.22, 0.32)
        self._size = (height - 0.8 * self._trunk, height * rng.uniform(0.55, 0.8))
        if small:
            self._size = (height, height * rng.uniform(1.1, 2.0))
        stem = Limb("foot", "top", (0.032 * height, 0.022 * height), BARK)
        self._stem = Figure([stem], ["foot", "top"])
        self._joints = place + np.array([(0, 0, 0), (0.0, 1.4 * self._trunk, 0.0)])
        self.anchor = place

    def paint(self, painter: Painter) -> None:
        """Paints the trunk, then the crown over its top."""
        share = grown(painter.depth(self.anchor), self.sight)
        if share == 0.0:
            return
        if self._trunk:
            painter.figure(self._joints * (1, share, 1), self._stem, Class.TREE)
        foot = self.anchor + (0, 0.8 * self._trunk * share - 0.05, 0)
        size = (self._size[0] * share, self._size[1])
        painter.sprite(self._crown, foot, size, Class.TREE)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """An oval where the crown stands in the sun, and a dark foot."""
        height, width = self._size
        turns = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        ring = np.stack([np.cos(turns), np.zeros(14), np.sin(turns)], axis=1) * width * 0.42
        foot = [(self.anchor + ring * 0.5, 0.22)]
        if weather.shadow_strength < 0.05:
            return foot
        middle = (0.8 * self._trunk + height / 2) * weather.shadow_offset
        stretch = np.linalg.norm(weather.shadow_offset) * height / width
        toward = np.array([middle[0], 0, middle[1]])
        unit = toward / max(np.linalg.norm(toward), 1e-6)
        ring = ring + np.outer(ring @ unit, unit) * stretch
        return foot + [(self.anchor + toward + ring, 0.7 * weather.shadow_strength)]


class Hedge:
    """A trimmed hedge along the street.

    Args:
        rng: Decides its height.
        foliage: Holds its leaves.
        front: The foot of its side towards the street.
    """

    sight = 70.0

    def __init__(self, rng: np.random.Generator, foliage: Foliage, front: Span):
        self._leaves, self._front = foliage.hedge, front
        self._up = np.array([0.0, rng.uniform(0.9, 1.8), 0.0])
        self.anchor = front.ends[1]

    def paint(self, painter: Painter) -> None:
        """Paints the end that is nearer, then the front."""
        front = self._front
        across = front.side * HEDGE_DEPTH * front.outward
        corner = front.ends[0] + min(front.side, 0) * across
        painter.texture(self._leaves, corner, across, self._up, Class.TREE)
        left = front.middle - front.across / 2
        painter.texture(self._leaves, left, front.across, self._up, Class.TREE)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadow of a block."""
        return cast(self._front.footprint(HEDGE_DEPTH), self._up[1], weather)


def _pick(rng, palette) -> np.ndarray:
    return np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.75, 1.1)


def _leaves(rng, size: tuple[int, int]) -> np.ndarray:
    """The play of light on leaves around 1, float32 (*size, 1)."""
    fine = noise(rng, size, (3, 3)) * 0.5 + noise(rng, size, (7, 7)) * 0.5
    return (0.5 + fine)[..., None] * np.ones(3, "float32")


def _crown(rng, weather: Weather, kind: str) -> Texture:
    """Paints clumps of leaves from back to front, each brighter on its upper side."""
    clumps = {"round": 34, "oval": 34, "cone": 46, "bush": 22}[kind]
    shade = np.full((TEXELS, TEXELS), 0.5, "float32")
    cover = np.zeros((TEXELS, TEXELS), "float32")
    for order in np.sort(rng.random(clumps)):
        radius = TEXELS * rng.uniform(0.09, 0.16)
        x, y = _clump(rng, kind, radius / TEXELS)
        center = (int(x * TEXELS), int(y * TEXELS))
        cv2.circle(cover, center, int(radius), 1.0, -1)
        # Clumps in front and high up get more light than those behind and below.
        tone = 0.52 + 0.3 * order + 0.28 * (0.5 - y)
        cv2.circle(shade, center, int(radius), tone * 0.86, -1)
        light = (center[0], int(center[1] - 0.25 * radius))
        cv2.circle(shade, light, int(radius * 0.68), tone * 1.14, -1)
    shade = cv2.blur(shade, (7, 7))
    soft = cv2.blur(cover, (17, 17))
    ragged = soft + 0.9 * (noise(rng, cover.shape, (4, 4)) - 0.5)
    ragged += 0.5 * (noise(rng, cover.shape, (12, 12)) - 0.5)
    light = weather.lit(np.ones((1, 3)), np.array([[0.0, 0.75, 0.0]]))[0]
    light = light + 0.45 * weather.sun
    colors = _leaves(rng, cover.shape) * shade[..., None] * _pick(rng, LEAVES) * light * 1.35
    opacity = np.where((ragged > 0.5) & (soft > 0.3), 255, 0)
    opacity[:2] = opacity[:, :2] = opacity[:, -2:] = 0
    picture = np.concatenate([np.clip(colors, 0, 255), opacity[..., None]], axis=2)
    return Texture(picture.astype("uint8"))


def _clump(rng, kind: str, radius: float) -> tuple[float, float]:
    """Where a clump goes, as shares of width and height from the upper left corner."""
    margin = radius + 0.04
    turn, away = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
    reach = 0.5 - margin
    x, y = 0.5 + reach * away * np.cos(turn), 0.5 + reach * away * np.sin(turn)
    if kind == "oval":
        x = 0.5 + (x - 0.5) * 0.72
    elif kind == "cone":
        y = rng.uniform(margin, 1 - margin)
        x = 0.5 + (x - 0.5) * (0.12 + 0.8 * y)
    elif kind == "bush":
        y = 1 - margin * 0.8 - rng.random() * 0.5 * (1 - abs(x - 0.5) * 1.6)
    return x, y
