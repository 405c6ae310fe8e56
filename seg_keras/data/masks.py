"""Label files that hold something else than class ids, and the way back to ids.

Painting programs save masks as colors, as a palette in the order in which colors were first used,
or as black and white. Where the colors are those of the classes, the ids can be recovered exactly.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from seg_keras.data.color_codes import colors_to_ids
from seg_keras.data.labels import IGNORE_LABEL, LabelSpace

BLACK = (0, 0, 0)


def class_ids(label_space: LabelSpace) -> list[int]:
    """The id that stands for each class in the files; the first one where several do."""
    if label_space.train_ids is None:
        return list(range(label_space.num_classes))
    first = {index: raw for raw, index in reversed(label_space.train_ids.items())}
    return [first[index] for index in range(label_space.num_classes)]


def void_id(label_space: LabelSpace) -> int | None:
    """The id that stands for void in the files; None where all are taken by classes."""
    known = label_space.train_ids or {}
    void = [raw for raw, index in known.items() if index == IGNORE_LABEL]
    return void[0] if void else None if IGNORE_LABEL in known else IGNORE_LABEL


def painted_ids(label_space: LabelSpace) -> dict[tuple[int, int, int], int]:
    """The id that each color stands for in a painted mask: those of the classes, black for void."""
    ids = dict(zip(label_space.colors, class_ids(label_space), strict=True))
    void = void_id(label_space)
    return ids if void is None else {BLACK: void} | ids


def unpainted(picture: np.ndarray, label_space: LabelSpace) -> np.ndarray:
    """Turns a mask in colors to the ids of the data set's files.

    Args:
        picture: uint8 (H, W, 3), in the colors of the classes and black for void; or the ids
            themselves in all three bands.
        label_space: Gives colors and ids.

    Returns:
        uint8 (H, W).

    Raises:
        ValueError: If a color belongs to no class.
    """
    ids = painted_ids(label_space)
    try:
        return np.array(list(ids.values()), "uint8")[colors_to_ids(picture, list(ids))]
    except ValueError:
        gray = picture[..., 0]
        if (picture == gray[..., None]).all() and set(np.unique(gray)) <= {*ids.values()}:
            return gray
        raise


def has_foreign_palette(mask: Image.Image, label_space: LabelSpace) -> bool:
    """Whether an indexed mask counts its colors in another order than the classes.

    A palette that has colors of its own tells nothing, and its indices are taken as ids.

    Args:
        mask: A decoded image of mode "P".
        label_space: Gives colors and ids.
    """
    ids = painted_ids(label_space)
    palette = [tuple(color) for color in np.reshape(mask.getpalette("RGB"), (-1, 3)).tolist()]
    if not set(palette) <= {*ids, BLACK}:
        return False
    used = [raw for raw in np.unique(np.asarray(mask)).tolist() if raw < len(palette)]
    return any(palette[raw] != BLACK and ids[palette[raw]] != raw for raw in used)


def read_painted(path: Path) -> np.ndarray:
    """The colors that a mask shows, uint8 (H, W, 3), also where it has a palette."""
    with Image.open(path) as mask:
        return np.asarray(mask.convert("RGB"))
