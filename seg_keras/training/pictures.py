"""Pictures of a run: its curves, and what the model makes of some images."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

BLUE, ORANGE, GREY = "#2463a8", "#d9722c", "#8a8a8a"


def draw_curves(path: Path, history: Sequence[dict]) -> None:
    """Draws loss, validation scores and learning rate over the epochs to a PNG."""
    figure = Figure(figsize=(13, 3.8), layout="constrained")
    panels = figure.subplots(1, 3)
    series = (
        ("Training loss", [("loss", "loss", BLUE)]),
        (
            "Validation",
            [("mean_iou", "mean IoU", BLUE), ("pixel_accuracy", "pixel accuracy", GREY)],
        ),
        ("Learning rate", [("learning_rate", "learning rate", ORANGE)]),
    )
    for panel, (title, lines) in zip(panels, series, strict=True):
        for key, label, color in lines:
            points = [(row["epoch"], row[key]) for row in history if row.get(key) is not None]
            if points:
                panel.plot(*zip(*points, strict=True), color=color, label=label, linewidth=1.8)
        panel.set_title(title, loc="left", fontsize=11)
        panel.set_xlabel("epoch")
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    scored = [row for row in history if row.get("mean_iou") is not None]
    if scored:
        best = max(scored, key=lambda row: row["mean_iou"])
        panels[1].plot(best["epoch"], best["mean_iou"], "o", color=BLUE)
        panels[1].annotate(
            f"{best['mean_iou']:.3f}",
            (best["epoch"], best["mean_iou"]),
            textcoords="offset points",
            xytext=(0, -16),
            ha="center",
        )
        panels[1].set_ylim(0, 1)
        panels[1].legend(frameon=False, loc="lower right")
    save(figure, path)


def draw_samples(
    path: Path,
    rows: Sequence[tuple],
    label_space,
    titles: Sequence[str] = ("Image", "Truth", "Prediction"),
) -> None:
    """Draws rows of an image and maps of its classes, with a legend, to a PNG.

    Args:
        path: Where the PNG goes.
        rows: (image uint8 (H, W, C), label (H, W), classes (H, W), ...) each; of further bands
            than three the first three are shown.
        label_space: Names and colors; ignored pixels are black in the truth.
        titles: What the columns are.
    """
    height, width = rows[0][0].shape[:2]
    panel_height = 12 / len(titles) * height / width
    figure = Figure(figsize=(12, panel_height * len(rows) + 0.9), layout="constrained")
    panels = figure.subplots(len(rows), len(titles), squeeze=False)
    for panel, title in zip(panels[0], titles, strict=True):
        panel.set_title(title, fontsize=12)
    for (image, *maps), line in zip(rows, panels, strict=True):
        pictures = [image[..., :3], *(label_space.colorize(classes) for classes in maps)]
        for panel, picture in zip(line, pictures, strict=True):
            panel.imshow(picture, interpolation="nearest")
            panel.axis("off")
    handles = [
        Patch(facecolor=np.divide(color, 255), edgecolor="gray", linewidth=0.5, label=name)
        for name, color in zip(label_space.names, label_space.colors, strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Renders a figure to a PNG without a display; written beside its place, then renamed."""
    partial = path.with_name(path.name + ".partial")
    FigureCanvasAgg(figure).print_png(partial)
    os.replace(partial, path)
