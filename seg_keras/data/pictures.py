"""Pictures of class ids: painted over the image, with a legend of names, or ids with a palette."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from seg_keras.data.labels import LabelSpace
from seg_keras.data.whole_file import whole_file

_BACKGROUND, _TEXT, _OUTLINE = (24, 24, 27), (228, 228, 231), (82, 82, 91)


def overlay(
    image: np.ndarray, classes: np.ndarray, label_space: LabelSpace, opacity: float = 0.5
) -> np.ndarray:
    """Paints classes over an image, with a solid line where one class meets another.

    Args:
        image: uint8 (H, W, 3), RGB.
        classes: uint8 ids (H, W). Ids of no class, such as ignored pixels, stay unpainted.
        label_space: Gives the colors.
        opacity: From 0, the image alone, to 1, the colors alone.

    Returns:
        uint8 (H, W, 3).
    """
    colors = label_space.colorize(classes)
    painted = cv2.addWeighted(image, 1 - opacity, colors, opacity, 0)
    # The line keeps thin and small things visible: a pole a few pixels wide is all line.
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    border = cv2.erode(classes, cross) != classes
    painted[border] = colors[border]
    unknown = classes >= label_space.num_classes
    painted[unknown] = image[unknown]
    return painted


def with_legend(
    picture: np.ndarray, label_space: LabelSpace, classes: np.ndarray | None = None
) -> np.ndarray:
    """Adds a strip with the color and the name of each class below a picture.

    Args:
        picture: uint8 (H, W, 3), RGB.
        label_space: Gives names and colors.
        classes: Ids of any shape: only classes that occur in them are named. Where it is None,
            every class is.

    Returns:
        uint8 (H + strip, W, 3); the text grows with W.
    """
    shown = range(label_space.num_classes)
    if classes is not None:
        occurring = np.bincount(classes.ravel(), minlength=label_space.num_classes)
        shown = [index for index in shown if occurring[index]]
    width = picture.shape[1]
    text_size = max(11, width // 64)
    font = ImageFont.load_default(text_size)
    names = [label_space.names[index].replace("_", " ") for index in shown]
    places, strip_height = _flow([font.getlength(name) for name in names], width, text_size)

    strip = Image.new("RGB", (width, strip_height), _BACKGROUND)
    draw = ImageDraw.Draw(strip)
    for index, name, (left, top) in zip(shown, names, places, strict=True):
        swatch = (left, top, left + text_size, top + text_size)
        color = tuple(label_space.colors[index])
        draw.rounded_rectangle(swatch, text_size // 5, fill=color, outline=_OUTLINE)
        middle = (left + 1.5 * text_size, top + text_size / 2)
        draw.text(middle, name, fill=_TEXT, font=font, anchor="lm")
    return np.concatenate([picture, np.asarray(strip)])


def _flow(
    name_widths: list[float], width: int, text_size: int
) -> tuple[list[tuple[int, int]], int]:
    """Places entries in aligned columns: the (left, top) of each, and the height they need."""
    margin = text_size
    entry_width = max(name_widths, default=0) + 3 * text_size  # swatch, gap, name, gap
    columns = max(1, int((width - margin) // entry_width))
    rows = -(-len(name_widths) // columns)
    columns = max(1, -(-len(name_widths) // max(1, rows)))  # as even as the rows allow
    column_width = min((width - margin) / columns, 1.6 * entry_width)
    line_height = round(1.7 * text_size)
    places = [
        (round(margin + index % columns * column_width), margin + index // columns * line_height)
        for index in range(len(name_widths))
    ]
    return places, 2 * margin + rows * line_height - (line_height - text_size)


def write_indexed_png(path: Path, classes: np.ndarray, label_space: LabelSpace) -> None:
    """Writes class ids, uint8 (H, W), as a PNG that holds the ids and shows in their colors."""
    picture = Image.fromarray(classes)
    picture.putpalette(label_space.colorize(np.arange(256, dtype="uint8")).tobytes())
    with whole_file(path) as partial:
        picture.save(partial, format="PNG")


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Writes uint8 (H, W) or RGB (H, W, 3) without loss."""
    with whole_file(path) as partial:
        Image.fromarray(np.ascontiguousarray(pixels)).save(partial, format="PNG")


def write_jpeg(path: Path, picture: np.ndarray) -> None:
    """Writes a picture to look at, uint8 (H, W, 3) RGB."""
    with whole_file(path) as partial:
        # Colors at full resolution: halved, as is usual, they bleed over the classes' borders.
        Image.fromarray(picture).save(partial, format="JPEG", quality=92, subsampling=0)
