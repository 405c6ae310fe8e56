"""Traffic signs and traffic lights on their poles."""

import numpy as np

from seg_keras.data.roads.canvas import Class
from seg_keras.data.roads.posts import Post, metal
from seg_keras.data.roads.solids import Color, Limb, SolidBuilder

RED, BLUE, WHITE, YELLOW, BLACK = (
    (178, 26, 30), (24, 72, 152), (226, 226, 222), (228, 190, 40), (30, 30, 32),
)  # fmt: skip
GREEN, BACK = (24, 100, 72), (122, 124, 126)
# The rim, the field and the symbol of each kind of sign, of which one is drawn.
LOOKS = {
    "round": ((RED, WHITE, BLACK), (BLUE, BLUE, WHITE), (RED, RED, WHITE)),
    "triangle": ((RED, WHITE, BLACK),),
    "square": ((BLUE, BLUE, WHITE), (YELLOW, YELLOW, BLACK), (WHITE, WHITE, BLACK)),
    "small": ((WHITE, WHITE, BLACK),),
}
# Outlines (x, y) of symbols, as shares of the size of their sign.
SYMBOLS = (
    [(-0.5, -0.14), (0.5, -0.14), (0.5, 0.14), (-0.5, 0.14)],  # a bar
    [(-0.14, -0.45), (0.14, -0.45), (0.14, 0.45), (-0.14, 0.45)],  # a column
    [(-0.3, -0.4), (0.3, -0.4), (0.0, 0.5)],  # an arrow
)
LAMPS = ((60, 220, 120), (250, 180, 40), (240, 40, 30))  # of a traffic light, from below


def traffic_sign(rng: np.random.Generator, place, heading: float) -> Post:
    """One or two signs on a pole, or a board on two, facing those who come along `heading`."""
    builder, steel = SolidBuilder(), metal(rng)
    kind = rng.choice(("round", "triangle", "square", "board"), p=(0.34, 0.2, 0.22, 0.24))
    height = rng.uniform(2.1, 2.9)
    if kind == "board":
        width, tall = rng.uniform(0.9, 1.7), rng.uniform(0.55, 1.0)
        _add_board(rng, builder, width, height, tall)
        joints, poles = {}, []
        for side, x in (("left", -width / 2), ("right", width / 2)):
            joints |= {f"{side} foot": (x, 0, 0), f"{side} top": (x, height + tall, 0)}
            poles.append(Limb(f"{side} foot", f"{side} top", (0.05, 0.05), steel))
        return Post(place, heading, joints, poles, builder.build())
    size = rng.uniform(0.36, 0.5)
    _add_plate(rng, builder, kind, height, size)
    if rng.random() < 0.4:
        _add_plate(rng, builder, "small", height - size - 0.22, 0.3)
    joints = {"foot": (0, 0, 0), "top": (0, height + 0.5 * size, 0)}
    pole = Limb("foot", "top", (0.055, 0.05), steel)
    return Post(place, heading, joints, [pole], builder.build())


def traffic_light(rng: np.random.Generator, place, heading: float) -> Post:
    """Three lamps in a dark case on a pole, facing those who come along `heading`."""
    builder = SolidBuilder()
    low, high, half = 2.1, 3.15, 0.19
    builder.box((-half, low, -0.3), (half, high, -0.05), BLACK, Class.SIGNSYMBOL)
    _add_flat(builder, _rectangle(-0.3, 0.3, low - 0.12, high + 0.12), -0.06, BLACK, BLACK)
    shining = rng.integers(len(LAMPS))
    for index, color in enumerate(LAMPS):
        on = index == shining
        lens = _ring(0.13, 12) + (0, low + 0.2 + 0.33 * index)
        seen = color if on else tuple(0.25 * channel for channel in color)
        builder.face(_at_depth(lens, -0.31), seen, Class.SIGNSYMBOL, glow=float(on))
    joints = {"foot": (0, 0, 0), "top": (0, high, 0)}
    pole = Limb("foot", "top", (0.07, 0.06), metal(rng))
    return Post(place, heading, joints, [pole], builder.build())


def _ring(radius: float, corners: int) -> np.ndarray:
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False) - np.pi / 2
    return radius * np.stack([np.cos(turns), np.sin(turns)], axis=1)


def _rectangle(left: float, right: float, low: float, high: float) -> np.ndarray:
    return np.array([(left, low), (right, low), (right, high), (left, high)])


def _at_depth(outline: np.ndarray, forwards: float) -> np.ndarray:
    """Points (N, 3) of an outline (N, 2), so many metres forward of the foot."""
    return np.column_stack([outline, np.full(len(outline), forwards)])


def _add_flat(builder: SolidBuilder, outline, forwards: float, front: Color, back: Color) -> None:
    """A plate with an outline (N, 2), seen from both sides."""
    points = _at_depth(outline, forwards)
    builder.face(points, front, Class.SIGNSYMBOL)
    builder.face(points[::-1], back, Class.SIGNSYMBOL)


def _add_plate(rng, builder: SolidBuilder, kind: str, height: float, size: float) -> None:
    """A sign around a point of the pole: its plate, its inner field and a symbol."""
    rim, field, ink = LOOKS[kind][rng.integers(len(LOOKS[kind]))]
    outline = {
        "round": _ring(size, 18),
        "triangle": 1.25 * size * np.array([(-0.87, -0.5), (0.87, -0.5), (0.0, 1.0)]),
        "square": _rectangle(-size, size, -size, size),
        "small": _rectangle(-size, size, -0.5 * size, 0.5 * size),
    }[kind]
    symbol = size * np.array(SYMBOLS[rng.integers(len(SYMBOLS))])
    if kind == "small":
        symbol = symbol * (1.2, 0.5)
    up = np.array([0, height])
    _add_flat(builder, outline + up, -0.07, rim, BACK)
    builder.face(_at_depth(0.78 * outline + up, -0.075), field, Class.SIGNSYMBOL)
    builder.face(_at_depth(symbol + up, -0.08), ink, Class.SIGNSYMBOL)


def _add_board(rng, builder: SolidBuilder, width: float, low: float, tall: float) -> None:
    """A direction board with a border, lines of text and an arrow."""
    field = (BLUE, GREEN, WHITE, YELLOW)[rng.integers(4)]
    ink = WHITE if field in (BLUE, GREEN) else BLACK
    half = width / 2

    def panel(left, right, bottom, top, forwards, color):
        outline = _rectangle(left, right, low + bottom, low + top)
        builder.face(_at_depth(outline, forwards), color, Class.SIGNSYMBOL)

    _add_flat(builder, _rectangle(-half, half, low, low + tall), -0.07, ink, BACK)
    panel(0.04 - half, half - 0.04, 0.04, tall - 0.04, -0.075, field)
    for bottom in (0.22 * tall, 0.58 * tall):
        panel(-0.8 * half, rng.uniform(-0.1, 0.4) * half, bottom, bottom + 0.16 * tall, -0.08, ink)
    panel(0.55 * half, 0.72 * half, 0.2 * tall, 0.8 * tall, -0.08, ink)
