"""The picture that people see: the frame tinted by class, a legend, and honest numbers.

The tint is one palette look-up and one weighted sum over the frame's own pixels. Legend and
numbers are panels that are redrawn a few times a second and only laid over in between, so that
they stay readable and cost next to nothing.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from deploy.video.frame import Frame
from deploy.video.panels import Status, legend_panel, legend_rows, numbers_panel, text_size
from deploy.video.text import Panel

REDRAW_S = 0.25  # numbers that change with every frame cannot be read


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
    """Which part of the picture (H, W) each class covers, float32 (num_classes,)."""
    counts = cv2.calcHist([classes], [0], None, [256], [0, 256]).ravel()[:num_classes]
    return counts / classes.size


class Overlay:
    """Draws frames for people; keeps its canvas and panels from one frame to the next.

    Args:
        class_names: One name per class id.
        palette: One (red, green, blue) per class, 0 to 255.
        opacity: Of the tint, 0 to 1.
        title: Model and engine, shown above the numbers.
    """

    def __init__(
        self,
        class_names: Sequence[str],
        palette: Sequence[Sequence[int]],
        opacity: float = 0.5,
        title: str = "",
    ):
        if not 0 <= opacity <= 1:
            raise ValueError(f"The opacity has to lie between 0 and 1, got {opacity}.")
        self._show_image = self._show_classes = True
        self._names = [name.replace("_", " ") for name in class_names]
        self._palette = [tuple(int(value) for value in color) for color in palette]
        self._table = color_table(palette)
        self._opacity = opacity
        self._title = title
        self._canvas = np.empty((0, 0, 3), "uint8")
        self._shown_shares: np.ndarray | None = None
        self._panels: list[tuple[Panel, int, int]] = []
        self._panels_of_s = -math.inf

    def draw(self, frame: Frame, status: Status) -> np.ndarray:
        """Composes one picture.

        Args:
            frame: Its image is left as it is; without classes, the image is shown alone.
            status: The numbers to show.

        Returns:
            The picture, uint8 (H, W, 3). It is reused: copy it to keep it beyond the next call.
        """
        if self._canvas.shape != frame.image.shape:
            self._canvas = np.empty_like(frame.image, order="C")
            self._panels_of_s = -math.inf
        if frame.classes is None or not self._show_classes:
            self._canvas[:] = frame.image
        else:
            opacity = self._opacity if self._show_image else 1.0
            blend(frame.image, frame.classes, self._table, opacity, self._canvas)
        # By the time of the source, so that a recording shows what it would have shown live.
        if abs(frame.source_time_s - self._panels_of_s) >= REDRAW_S:
            self._panels = self._draw_panels(frame.shares, status)
            self._panels_of_s = frame.source_time_s
        for panel, top, left in self._panels:
            panel.lay_over(self._canvas, top, left)
        return self._canvas

    def toggle_tint(self) -> None:
        """Switches between the tinted and the plain image."""
        self._show_classes = not self._show_classes

    def toggle_image(self) -> None:
        """Switches between the tinted image and the class colors alone."""
        self._show_image = not self._show_image

    def _draw_panels(
        self, shares: np.ndarray | None, status: Status
    ) -> list[tuple[Panel, int, int]]:
        """Numbers at the top left, legend at the top right: over the sky, never the road.

        In a narrow picture the legend goes below the numbers; what finds no room is left out.
        """
        height, width = self._canvas.shape[:2]
        size = text_size(min(height, width))
        panels = [(numbers_panel(self._title, status, size), size, size)]
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
