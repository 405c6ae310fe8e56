"""Fences of boards, pickets, bars or wire along the back of the pavement."""

import cv2
import numpy as np

from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.posts import WOOD, metal, tinted
from seg_keras.data.roads.street import Span
from seg_keras.data.roads.textures import Texture, noise
from seg_keras.data.roads.things import Shadow, cast
from seg_keras.data.roads.weather import Weather

HEIGHTS = {  # metres
    "boards": (1.4, 1.9),
    "pickets": (0.9, 1.3),
    "railing": (1.0, 1.6),
    "mesh": (1.4, 2.2),
}
PAINTS = (*WOOD, (196, 192, 182), (72, 98, 70), (98, 122, 96))
ROWS, COLUMNS = 64, 256  # texels of a panel


class Fence:
    """One panel of a fence along the street.

    Args:
        texture: How it looks, from `fence_texture`.
        foot: Where it stands.
        height: Metres.
    """

    sight = 70.0

    def __init__(self, texture: Texture, foot: Span, height: float):
        self._texture, self._foot = texture, foot
        self._up = np.array([0.0, height, 0.0])
        self.anchor = foot.ends[1]

    def paint(self, painter: Painter) -> None:
        """Paints the panel."""
        left = self._foot.middle - self._foot.across / 2
        painter.texture(self._texture, left, self._foot.across, self._up, Class.FENCE)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadow of a low wall."""
        return cast(self._foot.footprint(0.1), self._up[1], weather)


def fence_texture(rng, weather: Weather, normal: np.ndarray) -> tuple[Texture, float]:
    """A panel in the light of a wall that faces along `normal`, and its height in metres."""
    kind = rng.choice(list(HEIGHTS), p=(0.34, 0.2, 0.3, 0.16))
    picture = _wooden(rng, kind) if kind in ("boards", "pickets") else _metallic(rng, kind)
    picture[..., :3] *= weather.lit(np.ones((1, 3)), normal[None])[0]
    return Texture(np.clip(picture, 0, 255).astype("uint8")), float(rng.uniform(*HEIGHTS[kind]))


def _wooden(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Upright boards with dark gaps, or pickets on two rails: colors and opacity, float32."""
    picture = np.zeros((ROWS, COLUMNS, 4), "float32")
    color = np.array(tinted(rng, PAINTS))
    step, gap = (8, 1) if kind == "boards" else (12, 4)
    for left in range(0, COLUMNS, step):
        picture[2:, left : left + step - gap, :3] = color * rng.uniform(0.84, 1.1)
        picture[2:, left : left + step - gap, 3] = 255
    if kind == "boards":
        picture[..., 3] = 255
    else:
        for top in (14, 46):
            picture[top : top + 6] = (*color, 255)
    picture[..., :3] *= 0.86 + 0.28 * noise(rng, (ROWS, COLUMNS), (30, 3))[..., None]
    return picture


def _metallic(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Bars between two rails, or wire mesh in a frame: colors and opacity, float32."""
    opacity = np.zeros((ROWS, COLUMNS), "float32")
    if kind == "railing":
        opacity[:, ::8] = opacity[:, 1::8] = 255
        opacity[:4] = opacity[-10:-7] = 255
    else:
        for left in range(-ROWS, COLUMNS, 6):
            cv2.line(opacity, (left, 0), (left + ROWS, ROWS), 200, 1)
            cv2.line(opacity, (left, ROWS), (left + ROWS, 0), 200, 1)
    for post in (slice(0, 3), slice(COLUMNS // 2 - 1, COLUMNS // 2 + 2), slice(-3, None)):
        opacity[:, post] = 255
    opacity[:3] = 255
    picture = np.empty((ROWS, COLUMNS, 4), "float32")
    picture[..., :3] = metal(rng)
    picture[..., 3] = np.maximum(opacity, 26)  # as much as the eye sees of bars that are too thin
    return picture
