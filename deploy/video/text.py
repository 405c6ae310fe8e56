"""Text and small panels on top of a picture, readable over anything.

White text over video vanishes on a bright sky. A panel therefore carries its own dark ground,
translucent so that the scene stays visible, while its text and swatches stay opaque.
"""

import cv2
import numpy as np

GROUND = (16, 20, 26)
GROUND_OPACITY = 0.75
WHITE, GREY = (255, 255, 255), (200, 206, 214)

# OpenCV 5 draws real type; OpenCV 4 has only the strokes of a plotter.
_FONT = cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None
_WEIGHTS = {False: 480, True: 640}
_HERSHEY_HEIGHT = 30.0  # pixels that Hershey Simplex takes at scale 1, set as high as the other


def text_width(text: str, size: int, bold: bool = False) -> int:
    """How many pixels wide `text` becomes at that `size` in pixels."""
    if _FONT is not None:
        return cv2.getTextSize((0, 0), text, (0, 0), _FONT, size, _WEIGHTS[bold])[2]
    scale, thickness = _hershey(size, bold)
    return cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)[0][0]


def draw_text(
    image: np.ndarray, text: str, left: int, baseline: int, size: int, color: tuple, bold=False
) -> None:
    """Writes one line into `image`, anti-aliased, standing on the row `baseline`."""
    if _FONT is not None:
        cv2.putText(image, text, (left, baseline), color, _FONT, size, _WEIGHTS[bold])
        return
    scale, thickness = _hershey(size, bold)
    place = (left, baseline)
    face, lines = cv2.FONT_HERSHEY_SIMPLEX, cv2.LINE_AA
    cv2.putText(image, text, place, face, scale, color, thickness, lines)


def _hershey(size: int, bold: bool) -> tuple[float, int]:
    thickness = max(1, round(size / 15))
    return size / _HERSHEY_HEIGHT, thickness + (bold and size >= 20)


class Panel:
    """A dark translucent sheet with opaque text, drawn once and laid over many frames.

    Args:
        height: Pixels.
        width: Pixels.
        radius: Of the rounded corners, in pixels.
    """

    def __init__(self, height: int, width: int, radius: int):
        self._color = np.empty((height, width, 3), "uint8")
        cv2.rectangle(self._color, (0, 0), (width, height), GROUND, -1)
        self._cover = np.zeros((height, width), "uint8")  # 255 where drawn on
        self._shape = np.zeros((height, width), "uint8")
        _rounded(self._shape, (0, 0, width, height), radius)
        self._own: np.ndarray | None = None  # its part of the picture, and what it leaves
        self._left_below: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self._cover.shape

    def text(
        self,
        text: str,
        left: int,
        baseline: int,
        size: int,
        color: tuple[int, int, int] = WHITE,
        bold: bool = False,
    ) -> None:
        """Writes one line that begins at the pixel column `left`."""
        draw_text(self._color, text, left, baseline, size, color, bold)
        draw_text(self._cover, text, left, baseline, size, (255,), bold)

    def swatch(
        self, box: tuple[int, int, int, int], color: tuple[int, int, int], radius: int
    ) -> None:
        """Fills a rounded `box` (left, top, right, bottom) with a class color.

        A thin light rim keeps black and dark blue visible on the dark ground.
        """
        left, top, right, bottom = box
        _rounded(self._color, box, radius, GREY)
        _rounded(self._color, (left + 1, top + 1, right - 1, bottom - 1), radius, color)
        _rounded(self._cover, box, radius)

    def lay_over(self, picture: np.ndarray, top: int, left: int) -> None:
        """Blends the panel into `picture`, uint8 (H, W, 3), in place; it has to fit."""
        if self._own is None:
            ground = cv2.convertScaleAbs(self._shape, alpha=GROUND_OPACITY)
            weights = cv2.merge([np.maximum(ground, self._cover)] * 3)
            self._own = cv2.multiply(self._color, weights, scale=1 / 255)
            self._left_below = cv2.bitwise_not(weights)
        height, width = self.size
        below = picture[top : top + height, left : left + width]
        cv2.multiply(below, self._left_below, dst=below, scale=1 / 255)
        cv2.add(below, self._own, dst=below)


def _rounded(image: np.ndarray, box: tuple, radius: int, color: tuple = (255,)) -> None:
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
    cv2.rectangle(image, (left + radius, top), (right - radius, bottom), color, -1)
    cv2.rectangle(image, (left, top + radius), (right, bottom - radius), color, -1)
    for x in (left + radius, right - radius):
        for y in (top + radius, bottom - radius):
            cv2.circle(image, (x, y), radius, color, -1, cv2.LINE_AA)
