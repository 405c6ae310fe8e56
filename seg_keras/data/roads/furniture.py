"""Street furniture: lamp posts, masts, traffic signs, traffic lights, bollards and fences."""

import cv2
import numpy as np

from seg_keras.data.roads.camera import forward, rightward, turn
from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.painter import Painter
from seg_keras.data.roads.solids import Color, Figure, Limb, SolidBuilder
from seg_keras.data.roads.textures import Texture, noise
from seg_keras.data.roads.things import Shadow, cast, grown
from seg_keras.data.roads.weather import Weather

STEEL = ((122, 126, 128), (84, 90, 92), (52, 58, 56), (150, 150, 144), (40, 60, 50))
WOOD = ((134, 106, 78), (110, 92, 74), (150, 132, 108), (92, 74, 58))
RED, BLUE, WHITE, YELLOW, BLACK = (
    (178, 26, 30), (24, 72, 152), (226, 226, 222), (228, 190, 40), (30, 30, 32),
)  # fmt: skip
GREEN, BACK = (24, 100, 72), (122, 124, 126)


class Post:
    """Something upright and thin, with an arm and things fixed to it.

    Args:
        place: World coordinates (3,) of its foot.
        heading: Where what is fixed to it faces away from.
        joints: Points (N, 3) right, up, forward of the foot.
        limbs: The sticks between the joints; they are poles.
        fixed: Signs or lamps on it, or None.
        light: Index of the joint that shines at night, or None.
    """

    sight = 85.0

    def __init__(self, place, heading: float, joints, limbs, fixed=None, light=None):
        self.anchor, self._heading = place, heading
        self._joints = place + turn(np.array(joints, "float64"), heading)
        self._poles, self._fixed = Figure(limbs), fixed
        self._light = light

    def paint(self, painter: Painter) -> None:
        """Paints the poles, then what is fixed to them."""
        share = grown(painter.depth(self.anchor), self.sight)
        painter.figure(self._joints * (1, share, 1), self._poles, Class.POLE)
        if self._fixed is not None and share == 1.0:
            painter.solid(self._fixed, self.anchor, self._heading)
        if self._light is not None and painter.weather.lamps_on:
            painter.lamp(self._joints[self._light], 1.1, (250, 205, 140))

    def shadows(self, weather: Weather) -> list[Shadow]:
        """A narrow shadow in the sun; a lamp gives a pool of light at night."""
        square = np.array([(-0.1, 0, -0.1), (0.1, 0, -0.1), (0.1, 0, 0.1), (-0.1, 0, 0.1)])
        found = cast(self.anchor + square, self._joints[:, 1].max(), weather)
        if self._light is not None and weather.lamps_on:
            turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            ring = 6 * np.stack([np.sin(turns), np.zeros(16), np.cos(turns)], axis=1)
            found.append((self._joints[self._light] * (1, 0, 1) + ring, -0.75))
        return found


def lamp_post(rng, place, heading: float, inwards: int) -> Post:
    """A street lamp with an arm over the road, to the right (`inwards` 1) or to the left (-1)."""
    steel = _metal(rng)
    height, arm = rng.uniform(5.5, 8.5), inwards * rng.uniform(0.9, 2.0)
    thick = rng.uniform(0.075, 0.12)
    joints = [(0, 0, 0), (0, 1.2, 0), (0, height - 0.5, 0), (0.3 * arm, height, 0)]
    joints += [(arm, height + 0.12, 0), (arm + 0.5 * inwards, height + 0.12, 0)]
    limbs = [
        Limb(0, 1, (1.3 * thick, 1.3 * thick), steel),
        Limb(1, 2, (thick, 0.7 * thick), steel),
        Limb(2, 3, (0.7 * thick, 0.6 * thick), steel),
        Limb(3, 4, (0.6 * thick, 0.5 * thick), steel),
        Limb(4, 5, (0.1, 0.1), steel),
    ]
    return Post(place, heading, joints, limbs, light=5)


def mast(rng, place, heading: float) -> Post:
    """A wooden mast with a cross arm, or a steel one with a flag-like cap."""
    wood = _metal(rng) if rng.random() < 0.5 else _tinted(rng, WOOD)
    height, thick = rng.uniform(6, 9), rng.uniform(0.11, 0.17)
    joints = [(0, 0, 0), (0, height, 0), (-0.8, height - 0.6, 0), (0.8, height - 0.6, 0)]
    limbs = [Limb(0, 1, (thick, 0.7 * thick), wood)]
    if rng.random() < 0.6:
        limbs.append(Limb(2, 3, (0.06, 0.06), wood))
    return Post(place, heading, joints, limbs)


def bollard(rng, place, heading: float) -> Post:
    """A knee-high post that keeps cars off the pavement."""
    height, thick = rng.uniform(0.8, 1.15), rng.uniform(0.07, 0.11)
    return Post(
        place, heading, [(0, 0, 0), (0, height, 0)], [Limb(0, 1, (thick, thick), _metal(rng))]
    )


def traffic_sign(rng, place, heading: float) -> Post:
    """One or two signs on a pole, facing those who come along `heading`."""
    steel = _metal(rng)
    builder = SolidBuilder()
    kind = rng.choice(("round", "triangle", "square", "board"), p=(0.34, 0.2, 0.22, 0.24))
    size = rng.uniform(0.34, 0.46)
    height = rng.uniform(2.1, 2.9)
    if kind == "board":
        width, tall = rng.uniform(0.9, 1.7), rng.uniform(0.55, 1.0)
        _add_board(rng, builder, width, height, tall)
        joints = [(-0.5 * width, 0, 0), (-0.5 * width, height + tall, 0)]
        joints += [(0.5 * width, 0, 0), (0.5 * width, height + tall, 0)]
        limbs = [Limb(0, 1, (0.05, 0.05), steel), Limb(2, 3, (0.05, 0.05), steel)]
        return Post(place, heading, joints, limbs, builder.build())
    _add_plate(rng, builder, kind, height, size)
    if rng.random() < 0.4:
        _add_plate(rng, builder, "small", height - size - 0.22, 0.3)
    joints = [(0, 0, 0), (0, height + 0.5 * size, 0)]
    return Post(place, heading, joints, [Limb(0, 1, (0.055, 0.05), steel)], builder.build())


def traffic_light(rng, place, heading: float) -> Post:
    """Three lamps in a dark case on a pole, facing those who come along `heading`."""
    builder = SolidBuilder()
    low, high, half = 2.1, 3.15, 0.19
    builder.box((-half, low, -0.3), (half, high, -0.05), BLACK, Class.SIGNSYMBOL)
    board = [(-0.3, low - 0.12), (0.3, low - 0.12), (0.3, high + 0.12), (-0.3, high + 0.12)]
    _add_flat(builder, board, -0.06, BLACK, BLACK)
    shining = rng.integers(3)
    for index, color in enumerate(((60, 220, 120), (250, 180, 40), (240, 40, 30))):
        lens = _ring(0.13, 12) + (0, low + 0.2 + 0.33 * index)
        dim = tuple(0.25 * channel for channel in color)
        on = index == shining
        points = [(x, y, -0.31) for x, y in lens]
        builder.face(points, color if on else dim, Class.SIGNSYMBOL, glow=float(on))
    pole = Limb(0, 1, (0.07, 0.06), _metal(rng))
    return Post(place, heading, [(0, 0, 0), (0, high, 0)], [pole], builder.build())


class Fence:
    """One panel of a fence along the street.

    Args:
        texture: How it looks, from `fence_texture`.
        place: World coordinates (3,) of the middle of its foot.
        heading: The heading of the street.
        side: -1 on the left of the street, 1 on the right.
        size: (height, length) in metres.
    """

    sight = 80.0

    def __init__(self, texture: Texture, place, heading: float, side: int, size):
        self._texture = texture
        along = forward(heading)
        self._up, self._across = np.array([0.0, size[0], 0.0]), -side * along * size[1]
        self._corner = place - self._across / 2
        self.anchor = place + along * size[1] / 2
        out = 0.1 * rightward(heading)
        ends = place - along * size[1] / 2, self.anchor
        self._footprint = np.stack([ends[0] - out, ends[1] - out, ends[1] + out, ends[0] + out])

    def paint(self, painter: Painter) -> None:
        """Paints the panel."""
        painter.texture(self._texture, self._corner, self._across, self._up, Class.FENCE)

    def shadows(self, weather: Weather) -> list[Shadow]:
        """The shadow of a low wall."""
        return cast(self._footprint, float(self._up[1]), weather)


def fence_texture(rng, weather: Weather, normal: np.ndarray) -> tuple[Texture, float]:
    """A panel about 2.4 m long in its light, and its height in metres."""
    kind = rng.choice(("boards", "pickets", "railing", "mesh"), p=(0.34, 0.2, 0.3, 0.16))
    height = {
        "boards": (1.4, 1.9),
        "pickets": (0.9, 1.3),
        "railing": (1.0, 1.6),
        "mesh": (1.4, 2.2),
    }
    picture = np.zeros((64, 128, 4), "float32")
    if kind in ("boards", "pickets"):
        color = _tinted(rng, (*WOOD, (196, 192, 182), (72, 98, 70), (98, 122, 96)))
        step = 8 if kind == "boards" else 12
        for left in range(0, 128, step):
            shade = rng.uniform(0.84, 1.1)
            gap = 1 if kind == "boards" else 4
            picture[2:, left : left + step - gap] = (*(np.array(color) * shade), 255)
        if kind == "pickets":
            picture[14:20, :, :3], picture[46:52, :, :3] = color, color
            picture[14:20, :, 3] = picture[46:52, :, 3] = 255
        else:
            picture[..., 3] = 255  # dark gaps
        picture[..., :3] *= 0.86 + 0.28 * noise(rng, (64, 128), (30, 3))[..., None]
    else:
        color = _metal(rng)
        picture[..., :3] = color
        if kind == "railing":
            picture[:, ::8, 3] = picture[:, 1::8, 3] = 255
            picture[:4, :, 3] = picture[-10:-7, :, 3] = 255
        else:
            for offset in range(-64, 128, 6):
                for start, end in (
                    ((offset, 0), (offset + 64, 64)),
                    ((offset, 64), (offset + 64, 0)),
                ):
                    wire = np.ascontiguousarray(picture[..., 3])
                    cv2.line(wire, start, end, 200, 1)
                    picture[..., 3] = wire
        picture[:, :3, 3] = picture[:, -3:, 3] = picture[:3, :, 3] = 255
        picture[..., 3] = np.maximum(picture[..., 3], 26)  # as much as the eye sees of thin bars
    light = weather.lit(np.ones((1, 3)), normal[None])[0]
    picture[..., :3] *= light
    return Texture(np.clip(picture, 0, 255).astype("uint8")), float(rng.uniform(*height[kind]))


def _metal(rng) -> Color:
    return _tinted(rng, STEEL)


def _tinted(rng, palette) -> Color:
    color = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.8, 1.15)
    return tuple(np.clip(color, 0, 240))


def _ring(radius: float, corners: int) -> np.ndarray:
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False) - np.pi / 2
    return radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def _add_flat(builder: SolidBuilder, outline, forwards: float, front: Color, back: Color) -> None:
    """A plate with an outline (x, y), seen from both sides."""
    builder.face([(x, y, forwards) for x, y in outline], front, Class.SIGNSYMBOL)
    builder.face([(x, y, forwards) for x, y in reversed(outline)], back, Class.SIGNSYMBOL)


def _add_plate(rng, builder: SolidBuilder, kind: str, height: float, size: float) -> None:
    """A sign around a point of the pole: its plate, its inner field and a symbol."""
    rim, field, mark = {
        "round": ((RED, WHITE, BLACK), (BLUE, BLUE, WHITE), (RED, RED, WHITE))[rng.integers(3)],
        "triangle": (RED, WHITE, BLACK),
        "square": ((BLUE, BLUE, WHITE), (YELLOW, YELLOW, BLACK), (WHITE, WHITE, BLACK))[
            rng.integers(3)
        ],
        "small": (WHITE, WHITE, BLACK),
    }[kind]
    if kind == "round":
        outline = _ring(size, 18)
    elif kind == "triangle":
        outline = 1.25 * size * np.array([(-0.87, -0.5), (0.87, -0.5), (0.0, 1.0)])
    else:
        wide, tall = (size, size) if kind == "square" else (size, 0.5 * size)
        outline = np.array([(-wide, -tall), (wide, -tall), (wide, tall), (-wide, tall)])
    symbol = size * np.array(
        [
            [(-0.5, -0.14), (0.5, -0.14), (0.5, 0.14), (-0.5, 0.14)],
            [(-0.14, -0.45), (0.14, -0.45), (0.14, 0.45), (-0.14, 0.45)],
            [(-0.3, -0.4), (0.3, -0.4), (0.0, 0.5), (0.0, 0.5)],
        ][rng.integers(3)]
    )
    if kind == "small":
        symbol = symbol * (1.2, 0.5)
    up = np.array([0, height])
    _add_flat(builder, (outline + up).tolist(), -0.07, rim, BACK)
    for shape, depth, color in ((0.78 * outline, -0.075, field), (symbol, -0.08, mark)):
        builder.face([(x, y, depth) for x, y in shape + up], color, Class.SIGNSYMBOL)


def _add_board(rng, builder: SolidBuilder, width: float, low: float, tall: float) -> None:
    """A direction board with a border, lines of text and an arrow."""
    field = (BLUE, GREEN, WHITE, YELLOW)[rng.integers(4)]
    ink = WHITE if field in (BLUE, GREEN) else BLACK
    x = width / 2

    def panel(left, right, bottom, top, depth, color):
        points = [(left, bottom), (right, bottom), (right, top), (left, top)]
        builder.face([(a, low + b, depth) for a, b in points], color, Class.SIGNSYMBOL)

    _add_flat(builder, [(-x, low), (x, low), (x, low + tall), (-x, low + tall)], -0.07, ink, BACK)
    panel(0.04 - x, x - 0.04, 0.04, tall - 0.04, -0.075, field)
    for row in range(2):
        bottom = tall * (0.22 + 0.36 * row)
        panel(-0.8 * x, x * rng.uniform(-0.1, 0.4), bottom, bottom + 0.16 * tall, -0.08, ink)
    panel(0.55 * x, 0.72 * x, 0.2 * tall, 0.8 * tall, -0.08, ink)
