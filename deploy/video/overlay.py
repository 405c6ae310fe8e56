"""The picture that people see: the frame tinted by class, a legend, and honest numbers.

The tint is one palette look-up and one weighted sum over the frame's own pixels. Legend and
numbers are panels that are redrawn a few times a second and only laid over in between, so that
they stay readable and cost next to nothing.
"""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from deploy.video.frame import Frame
from deploy.video.panels import (
    legend_panel,
    legend_rows,
    notice,
    notice_panel,
    numbers_panel,
    text_size,
)
from deploy.video.status import Status
from deploy.video.text import Panel
from deploy.video.view import View

REDRAW_S = 0.25  # numbers that change with every frame cannot be read
DIMMED = 0.45  # brightness of a picture that is an old one
NOTICE_AT = 0.7  # part of the height
COUNTED_ROWS = 256  # of a picture, at least, for its class shares


def color_table(palette: Sequence[Sequence[int]]) -> np.ndarray:
    """A palette as a look-up table for all 256 ids, uint8 (256, 1, 3); unknown ids are black."""
    table = np.zeros((256, 1, 3), "uint8")
    table[: len(palette), 0] = palette
    return table


def blend(
    image: np.ndarray, classes: np.ndarray, table: np.ndarray, opacity: float, canvas: np.ndarray
) -> np.ndarray:
    """Tints an image by class: `(1 - opacity) * image + opacity * color`, rounded.

    Args:
        image: RGB, uint8 (H, W, 3); left as it is.
        classes: Ids, uint8 (H, W).
        table: From `color_table`.
        opacity: 0 shows the image, 1 the colors.
        canvas: Receives the result, uint8 (H, W, 3).

    Returns:
        `canvas`.
    """
    cv2.applyColorMap(classes, table, dst=canvas)
    return cv2.addWeighted(image, 1 - opacity, canvas, opacity, 0, dst=canvas)


def class_shares(classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Which part of the picture (H, W) each class covers, float32 (num_classes,).

    Of a high picture every second, third, ... row counts, which nobody can tell from all of them.
    """
    counted = classes[:: max(1, len(classes) // COUNTED_ROWS)]
    counts = cv2.calcHist([counted], [0], None, [256], [0, 256]).ravel()[:num_classes]
    return counts / counted.size


class Overlay:
    """Draws frames for people; keeps its panels from one frame to the next.

    Args:
        class_names: One name per class id.
        palette: One (red, green, blue) per class, 0 to 255.
        view: How the picture is to look; followed as people change it.
        title: Model and engine, shown above the numbers.

    Attributes:
        view: As given; whoever has it may change it.
        title: As given.
        layers: Draw on top of the tint, with the picture and the frame as arguments.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        palette: Sequence[Sequence[int]],
        view: View | None = None,
        title: str = "",
    ):
        self.view, self.title = view or View(), title
        self.layers: list[Callable[[np.ndarray, Frame], None]] = []
        self._names = [name.replace("_", " ") for name in class_names]
        self._palette = [tuple(int(value) for value in color) for color in palette]
        self._table = color_table(palette)
        self._shown_shares: np.ndarray | None = None
        self._panels: list[tuple[Panel, int, int]] = []
        self._panels_of_s = -math.inf
        self._panels_of: tuple = ()  # what they must not show too late

    def draw(self, frame: Frame, status: Status, canvas: np.ndarray | None = None) -> np.ndarray:
        """Composes one picture.

        Args:
            frame: Its image is left as it is; without classes, the image is shown alone.
            status: The numbers to show.
            canvas: Receives the picture, uint8 of the frame's size; None makes a new one.

        Returns:
            The picture, uint8 (H, W, 3): `canvas`, where it was given.
        """
        if canvas is None:
            canvas = np.empty_like(frame.image, order="C")
        if frame.classes is None or self.view.mode == "original":
            np.copyto(canvas, frame.image)
        else:
            opacity = 1.0 if self.view.mode == "classes" else self.view.opacity
            blend(frame.image, frame.classes, self._table, opacity, canvas)
            for draw_layer in self.layers:
                draw_layer(canvas, frame)
        if status.stale_s > 0:
            cv2.convertScaleAbs(canvas, dst=canvas, alpha=DIMMED)
        if self.view.legend:
            self._lay_panels(canvas, frame, status)
        if text := notice(status):
            self._lay_notice(canvas, text)
        return canvas

    def _lay_panels(self, canvas: np.ndarray, frame: Frame, status: Status) -> None:
        """Numbers and legend; drawn anew when it is time, or when something has happened."""
        # By the time of the source, so that a recording shows what it would have shown live.
        elapsed_s = abs(frame.source_time_s - self._panels_of_s)
        happened = (canvas.shape[:2], status.stream, status.warning, frame.shares is None)
        if elapsed_s >= REDRAW_S or happened != self._panels_of:
            self._panels = self._draw_panels(canvas.shape[:2], frame.shares, status)
            self._panels_of_s, self._panels_of = frame.source_time_s, happened
        for panel, top, left in self._panels:
            panel.lay_over(canvas, top, left)

    def _lay_notice(self, canvas: np.ndarray, text: str) -> None:
        """Below the panels: such a picture is no live one, so the road need not stay free."""
        height, width = canvas.shape[:2]
        panel = notice_panel(text, text_size(min(height, width)), width)
        top, left = round(NOTICE_AT * height) - panel.size[0] // 2, (width - panel.size[1]) // 2
        if left >= 0 and top >= 0 and top + panel.size[0] <= height:
            panel.lay_over(canvas, top, left)

    def _draw_panels(
        self, picture_size: tuple[int, int], shares: np.ndarray | None, status: Status
    ) -> list[tuple[Panel, int, int]]:
        """Numbers at the top left, legend at the top right: over the sky, never the road.

        In a narrow picture the legend goes below the numbers; what finds no room is left out.
        """
        height, width = picture_size
        size = text_size(min(height, width))
        panels = [(numbers_panel(self.title, status, size), size, size)]
        if shares is not None:
            # Half of the old value steadies the figures without hiding a change.
            old = shares if self._shown_shares is None else self._shown_shares
            self._shown_shares = (old + shares) / 2
            beside = size + panels[0][0].size[1] + size
            top, rows = size, legend_rows(height - 2 * size, size)
            legend = legend_panel(self._names, self._palette, self._shown_shares, rows, size)
            if beside + legend.size[1] + size > width:
                top = size + panels[0][0].size[0] + size // 2
                rows = legend_rows(height // 2 - top, size)  # the road begins below
                legend = legend_panel(self._names, self._palette, self._shown_shares, rows, size)
            panels.append((legend, top, width - size - legend.size[1]))
        return [
            (panel, top, left)
            for panel, top, left in panels
            if 0 <= left <= width - panel.size[1] and top + panel.size[0] <= height
        ]
