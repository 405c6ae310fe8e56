"""A chart of what was seen over time: the part of the picture that each class covers.

An endless stream takes bounded memory, because neighbouring points are averaged whenever there are
too many.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deploy.video.frame import Frame

MAX_POINTS = 1000  # more than a chart has pixels to show
SEEN = 0.002  # share, at some time, from which a class is worth a color in the chart
SIZE_INCHES, DPI = (11.0, 5.0), 130


class ShareChart:
    """A sink that draws the class shares of a run when it is closed.

    Args:
        path: The PNG to make; nothing is made if no frame had classes.
        class_names: One name per class id.
        palette: One (red, green, blue) per class, 0 to 255.

    Raises:
        ValueError: If the name is no PNG's or matplotlib is missing.
    """

    def __init__(
        self,
        path: str | Path,
        class_names: Sequence[str],
        palette: Sequence[Sequence[int]],
    ):
        self.path = Path(path)
        if self.path.suffix.lower() != ".png":
            raise ValueError(f"Charts are PNG files: give a name ending in .png, not {path}.")
        _figure_class()  # shows before the first frame if it is missing
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._names, self._palette = class_names, palette
        self._points: list[np.ndarray] = []  # (time, *shares), each of `_every` frames
        self._pending: list[np.ndarray] = []
        self._every = 1

    def write(self, picture: np.ndarray, frame: Frame) -> None:
        """Notes the shares of a frame; nothing if it has none."""
        if frame.shares is None:
            return
        self._pending.append(np.array([frame.source_time_s, *frame.shares]))
        if len(self._pending) < self._every:
            return
        self._points.append(np.mean(self._pending, axis=0))
        self._pending.clear()
        if len(self._points) == 2 * MAX_POINTS:
            points = np.array(self._points)
            self._points = list((points[::2] + points[1::2]) / 2)
            self._every *= 2

    def close(self) -> None:
        """Saves the chart; written beside and renamed."""
        points = self._points + ([np.mean(self._pending, axis=0)] if self._pending else [])
        if not points:
            return
        partial = self.path.with_name(f"{self.path.stem}.partial.png")
        times_s, shares = np.split(np.array(points), [1], axis=1)
        draw_shares(partial, times_s[:, 0], shares, self._names, self._palette)
        partial.replace(self.path)


def draw_shares(
    path: Path,
    times_s: np.ndarray,
    shares: np.ndarray,
    class_names: Sequence[str],
    palette: Sequence[Sequence[int]],
) -> None:
    """Draws stacked areas, in the colors and the order of the classes.

    Args:
        path: The PNG to make.
        times_s: Seconds, (N,), N at least 1.
        shares: Parts of the picture, (N, num_classes).
        class_names: One name per class id.
        palette: One (red, green, blue) per class, 0 to 255.
    """
    if len(times_s) == 1:  # an area has a width
        times_s, shares = times_s[0] + np.array([0, 0.04]), shares.repeat(2, axis=0)
    seen = np.flatnonzero(shares.max(axis=0) >= SEEN)
    colors = np.array(palette)[seen] / 255
    names = [class_names[index].replace("_", " ") for index in seen]
    means = shares[:, seen].mean(axis=0)
    labels = [f"{name}, {100 * mean:.1f} %" for name, mean in zip(names, means, strict=True)]
    figure = _figure_class()(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    areas = axes.stackplot(
        times_s, 100 * shares[:, seen].T, colors=colors, edgecolor="white", linewidth=0.4
    )
    axes.set(xlim=times_s[[0, -1]], ylim=(0, 100), xlabel="seconds", ylabel="% of the picture")
    axes.spines[["top", "right"]].set_visible(False)
    # From top to bottom as in the chart.
    place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    axes.legend(areas[::-1], labels[::-1], **place, title="class, mean", alignment="left")
    axes.set_title("What the camera saw", loc="left", weight="bold")
    figure.savefig(path)


def _figure_class() -> type:
    """Matplotlib's figure; only here, so that a device does without it."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ValueError("Charts need matplotlib. Install it: pip install matplotlib") from error
    return Figure
