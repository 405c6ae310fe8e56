"""Fronts of houses as pictures: walls of brick, plaster or glass, windows, doors and shops."""

import dataclasses

import cv2
import numpy as np

from seg_keras.data.roads.textures import Texture, noise
from seg_keras.data.roads.weather import Weather

TEXELS_PER_METRE = 18
TILE = (768, 640)  # texels of wall that houses are cut from

BRICK = ((142, 82, 62), (166, 112, 82), (188, 164, 124), (120, 74, 62), (154, 130, 104))
PLASTER = ((226, 220, 206), (236, 234, 228), (214, 196, 164), (196, 204, 206), (222, 190, 176))
CONCRETE = ((158, 156, 152), (176, 170, 160), (132, 134, 138))
GLASS = ((78, 96, 112), (98, 112, 120), (62, 78, 90))
SHOP = ((44, 62, 52), (120, 32, 34), (36, 46, 84), (40, 40, 42), (198, 188, 168), (24, 96, 106))


@dataclasses.dataclass(frozen=True)
class Style:
    """How one house looks, the same on all its sides.

    Args:
        wall: Color of the wall.
        bricks: Whether the wall shows courses of bricks.
        glazing: Share of the width that windows take.
        storey: Height of a storey in metres.
        bay: Width of a bay, which holds one window, in metres.
        frame: Color of the window frames.
        trim: Color of sills and cornices.
        shop: Color of the shop front on the ground floor; None for a door and windows.
    """

    wall: np.ndarray
    bricks: bool
    glazing: float
    storey: float
    bay: float
    frame: tuple[float, float, float]
    trim: np.ndarray
    shop: tuple[int, int, int] | None


def random_style(rng: np.random.Generator, town: bool) -> Style:
    """Draws the look of a house; town houses may have shops or be of glass."""
    kind = rng.choice(("brick", "plaster", "concrete", "glass"), p=_SHARES[town])
    palette = {"brick": BRICK, "plaster": PLASTER, "concrete": CONCRETE, "glass": GLASS}[kind]
    wall = np.array(palette[rng.integers(len(palette))]) * rng.uniform(0.8, 1.08, 1)
    wall = np.clip(wall + rng.uniform(-8, 8, 3), 20, 245)
    light = rng.random() < 0.65
    return Style(
        wall=wall,
        bricks=bool(kind == "brick"),
        glazing={"brick": 0.38, "plaster": 0.4, "concrete": 0.62, "glass": 0.9}[kind],
        storey=rng.uniform(2.7, 3.5),
        bay=rng.uniform(1.9, 3.4),
        frame=(226, 226, 222) if light else (52, 50, 48),
        trim=np.clip(wall * (1.22 if light else 0.78), 0, 250),
        shop=SHOP[rng.integers(len(SHOP))] if town and rng.random() < 0.6 else None,
    )


_SHARES = {True: (0.42, 0.26, 0.18, 0.14), False: (0.6, 0.4, 0.0, 0.0)}


class Facades:
    """Paints the walls of all the houses of one world.

    Args:
        rng: Decides the grain of walls.
        weather: The light that falls on them.
    """

    def __init__(self, rng: np.random.Generator, weather: Weather):
        self._weather = weather
        stains = 1 + 0.16 * (noise(rng, TILE, (60, 40)) - 0.5)
        stains += 0.08 * (noise(rng, TILE, (120, 6)) - 0.5)
        bricks = 0.82 + 0.3 * rng.random((TILE[0] // 2, TILE[1] // 4), dtype="float32")
        courses = cv2.resize(bricks, TILE[::-1], interpolation=cv2.INTER_NEAREST)
        self._grains = {False: stains, True: stains * courses}

    def paint(
        self,
        rng: np.random.Generator,
        style: Style,
        size: tuple[float, float],
        windows: bool,
        normal: np.ndarray,
    ) -> Texture:
        """Paints one side of a house.

        Args:
            rng: Decides the details.
            style: The look of the house.
            size: (height, width) in metres.
            windows: Whether this side has any.
            normal: Unit vector (3,) that points out of the wall.
        """
        texels = np.rint(np.array(size) * TEXELS_PER_METRE).astype(int)
        height, width = np.clip(texels, 8, np.array(TILE) - 1).tolist()
        top, left = rng.integers((TILE[0] - height, TILE[1] - width))
        grain = self._grains[style.bricks][top : top + height, left : left + width]
        picture = grain[..., None] * style.wall.astype("float32")
        bright = _storeys(rng, style, picture) if windows else []
        _edges(style, picture)
        light = self._weather.lit(np.ones((1, 3)), normal[None])[0]
        # The foot of a wall is dirtier and sees less of the sky than its top.
        falloff = np.linspace(1.04, 0.86, height)[:, None, None]
        lit = np.minimum(picture * (light * falloff).astype("float32"), 255).astype("uint8")
        if self._weather.lamps_on:
            for area, color in bright:
                lit[area] = np.clip(lit[area] * 0.35 + np.array(color) * 0.75, 0, 255)
        return Texture(lit)


def _storeys(rng, style: Style, picture: np.ndarray) -> list:
    """Paints windows, doors and shops; gives the windows where light is on at night."""
    height, width = picture.shape[:2]
    storey = height / max(1, round(height / TEXELS_PER_METRE / style.storey))
    bays = max(1, round(width / TEXELS_PER_METRE / style.bay))
    bay = width / bays
    door = int(rng.integers(bays))
    bright = []
    for floor in range(round(height / storey)):
        bottom = height - floor * storey
        if floor == 0 and style.shop is not None:
            bright += _shop(rng, style, picture, int(bottom), storey)
            continue
        for index in range(bays):
            middle = (index + 0.5) * bay
            if floor == 0 and index == door:
                _door(rng, style, picture, int(middle), int(bottom))
                continue
            half = bay * style.glazing / 2
            sill = bottom - storey * (0.12 if style.glazing > 0.8 else 0.3)
            area = _area(bottom - storey * 0.87, sill, middle - half, middle + half)
            _window(rng, style, picture, area)
            if rng.random() < 0.4:
                bright.append((area, rng.choice(((255, 214, 140), (250, 232, 190)))))
    return bright


def _area(top: float, bottom: float, left: float, right: float) -> tuple[slice, slice]:
    return slice(max(0, int(top)), int(bottom)), slice(max(0, int(left)), int(right))


def _window(rng, style: Style, picture: np.ndarray, area: tuple[slice, slice]) -> None:
    """A frame, and glass that shows the dark room, a curtain or the sky."""
    rows, columns = area
    around = (
        slice(max(0, rows.start - 2), rows.stop + 2),
        slice(max(0, columns.start - 2), columns.stop + 2),
    )
    picture[around] = style.frame
    picture[rows.stop + 1 : rows.stop + 4, max(0, columns.start - 4) : columns.stop + 4] = (
        style.trim
    )
    tall = rows.stop - rows.start
    mirror = rng.uniform(0.2, 0.95) if rng.random() < 0.45 else rng.uniform(0, 0.25)
    top = np.array((44, 52, 60)) * (1 - mirror) + np.array((186, 204, 220)) * mirror
    fade = np.linspace(1, 0.55, tall)[:, None, None]
    picture[area] = top * fade
    if rng.random() < 0.3:  # curtains on either side, or a blind
        cloth = rng.uniform(120, 215) * np.array((1, 0.97, 0.9))
        part = max(1, (columns.stop - columns.start) // 4)
        picture[rows, columns.start : columns.start + part] = cloth
        picture[rows, columns.stop - part : columns.stop] = cloth
    middle = (columns.start + columns.stop) // 2
    picture[rows, middle : middle + 1] = style.frame
    if tall > 24:
        bar = rows.start + tall // 2
        picture[bar : bar + 1, columns] = style.frame


def _door(rng, style: Style, picture: np.ndarray, middle: int, bottom: int) -> None:
    color = np.array(SHOP[rng.integers(len(SHOP))], "float32")
    high, half = int(2.2 * TEXELS_PER_METRE), int(0.5 * TEXELS_PER_METRE)
    left = max(0, middle - half)
    picture[max(0, bottom - high - 8) : bottom, max(0, left - 2) : middle + half + 2] = style.frame
    picture[max(0, bottom - high) : bottom, left : middle + half] = color
    picture[max(0, bottom - high - 6) : max(0, bottom - high), left : middle + half] = (60, 70, 78)


def _shop(rng, style: Style, picture: np.ndarray, bottom: int, storey: float) -> list:
    """A shop front over the whole width: fascia, panes, a stall riser and a door."""
    width = picture.shape[1]
    top = max(0, int(bottom - storey))
    color = np.array(style.shop, "float32")
    picture[top:bottom] = color
    picture[top + 4 : top + 15] = np.clip(color * 1.35 + 20, 0, 255)
    picture[top + 15 : top + 17] = color * 0.5
    panes = max(1, round(width / TEXELS_PER_METRE / 2.4))
    bright = []
    for index in range(panes):
        left, right = index * width / panes + 3, (index + 1) * width / panes - 3
        area = _area(top + 20, bottom - 10, left, right)
        tall = area[0].stop - area[0].start
        if tall < 4:
            continue
        tone = rng.uniform(30, 120) * np.array((1, 1, 1.05))
        picture[area] = tone * np.linspace(1.3, 0.7, tall)[:, None, None]
        for _ in range(4):
            x = int(rng.uniform(left, max(left + 1, right - 8)))
            y = int(rng.uniform(area[0].start + tall * 0.5, area[0].stop - 3))
            goods = rng.uniform(50, 190) * rng.uniform(0.75, 1.1, 3)
            picture[y : area[0].stop, x : x + int(rng.integers(4, 12))] = goods
        bright.append((area, (255, 236, 196)))
    return bright


def _edges(style: Style, picture: np.ndarray) -> None:
    """A cornice under the roof, a plinth at the foot, and the gap to the next house."""
    picture[:5] = style.trim
    picture[5:7] *= 0.6
    picture[-6:] *= 0.72
    picture[:, :2] *= 0.7
    picture[:, -2:] *= 0.7
