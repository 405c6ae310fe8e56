"""Pictures of a data set: how frequent its classes are, and a page of labelled images."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from seg_keras.data.labels import LabelSpace
from seg_keras.data.pictures import overlay, with_legend
from seg_keras.data.statistics import ClassCounts
from seg_keras.data.whole_file import whole_file

GAP = 6  # pixels between the pictures of a page
PAPER = 255
RARE = 2  # percent of the pixels below which a bar is too short to read


def draw_class_shares(path: Path, counts: ClassCounts, label_space: LabelSpace, images: int):
    """Draws the share of the pixels and of the images that each class has to a file.

    Args:
        path: Where the chart goes; a PNG unless its suffix names another format of Matplotlib.
        counts: Of a split.
        label_space: Gives names and colors.
        images: How many images the split has.
    """
    order = np.argsort(counts.pixels)
    names = [label_space.names[index] for index in order]
    colors = np.divide([label_space.colors[index] for index in order], 255)
    figure = Figure(figsize=(11, 1.4 + 0.28 * len(names)), dpi=150, layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    shares = (
        ("Share of the labelled pixels", counts.pixels / max(1, counts.pixels.sum()), True),
        ("Share of the images", counts.images / images, False),
    )
    for panel, (title, values, logarithmic) in zip(panels, shares, strict=True):
        values = 100 * values[order]
        bars = panel.barh(names, values, color=colors, edgecolor="#6b6b6b", linewidth=0.6)
        panel.bar_label(bars, [percent(value) for value in values], padding=3, fontsize=8)
        least = values[values > 0].min(initial=100)
        if logarithmic and least < RARE:  # such classes matter, and would not be seen
            panel.set_xscale("log")
            panel.set_xlim(least / 2, 300)
            panel.xaxis.set_major_locator(FixedLocator([0.001, 0.01, 0.1, 1, 10, 100]))
            panel.xaxis.set_major_formatter("{x:g}")
            panel.minorticks_off()
        else:
            panel.set_xlim(0, 115)
        panel.set_title(title, loc="left", fontsize=11)
        panel.set_xlabel("percent")
        panel.grid(axis="x", alpha=0.25)
        panel.set_axisbelow(True)
        panel.tick_params(length=0)
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    with whole_file(path) as partial:
        figure.savefig(partial, format=path.suffix.lstrip(".") or "png")


def percent(value: float) -> str:
    """A share in percent with two digits that count: 27, 3.1, 0.042."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def label_page(
    samples: Sequence[tuple[np.ndarray, np.ndarray]], label_space: LabelSpace, width: int = 1600
) -> np.ndarray:
    """A page of images, each beside its label painted over it, with a legend of all classes.

    Args:
        samples: Images (H, W, 3) or of other bands, of which three are shown, and training ids
            (H, W). Ignored pixels stay as in the image.
        label_space: Gives names and colors.
        width: Of the page in pixels.

    Returns:
        uint8 (height, width, 3).
    """
    columns = 2 if len(samples) > 1 else 1  # of images, each with its label
    tile_width = (width - (2 * columns + 1) * GAP) // (2 * columns)
    tiles = [_tile(image, label, label_space, tile_width) for image, label in samples]
    rows = []
    for first in range(0, len(tiles), columns):
        row = [picture for tile in tiles[first : first + columns] for picture in tile]
        height = max(picture.shape[0] for picture in row)
        line = np.full((height + GAP, width, 3), PAPER, "uint8")
        for place, picture in enumerate(row):
            left = GAP + place * (tile_width + GAP)
            line[GAP : GAP + picture.shape[0], left : left + tile_width] = picture
        rows.append(line)
    rows.append(np.full((GAP, width, 3), PAPER, "uint8"))
    return with_legend(np.concatenate(rows), label_space)


def _tile(image, label, label_space: LabelSpace, width: int) -> tuple[np.ndarray, np.ndarray]:
    """An image and the same with its label painted over it, `width` pixels wide."""
    image = image.reshape(-1, *image.shape[-3:])[-1][..., :3]  # of a sequence the last frame
    image = np.clip(image, 0, 255).astype("uint8")
    image = image.repeat(3, axis=-1) if image.shape[-1] == 1 else image
    size = (width, max(1, round(width * label.shape[0] / label.shape[1])))
    shrinks = width < label.shape[1]
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    label = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return image, overlay(image, label, label_space, opacity=0.65)
