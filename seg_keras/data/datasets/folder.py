"""Any images and masks: two folders and a list of classes are a data set.

    DIR/classes.txt     one class per line: [id in the masks] name [red green blue]
    DIR/images/a.jpg    DIR/masks/a.png, a mask of the same name for each image

With `images/train`, `images/val` and `masks/train`, `masks/val` (and `test`) the splits are those;
otherwise every fifth image is to validate on. Masks hold ids, also as indexed PNG, with 255 for
pixels that do not count; or the colors that `classes.txt` gives.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from seg_keras.data.class_list import read_class_list
from seg_keras.data.color_codes import colors_to_ids
from seg_keras.data.datasets.dataset import (
    Dataset,
    Pair,
    list_folder_pairs,
    locate,
    require_split,
)
from seg_keras.data.files import read_image, read_label
from seg_keras.data.labels import LabelSpace

SPLITS = ("train", "val", "test")
WANTED = "the folder that holds images, masks and classes.txt"


def folder(data_dir: Path) -> Dataset:
    """The images of a folder.

    Args:
        data_dir: The folder that holds `images`, `masks` and `classes.txt`.
    """
    root = locate(data_dir, "images", [""], WANTED)
    label_space = read_class_list(root / "classes.txt")
    sorted_by_hand = tuple(split for split in SPLITS if (root / "images" / split).is_dir())
    splits = sorted_by_hand or ("train", "val")
    folders = dict.fromkeys(splits, (root / "images", root / "masks"))
    if sorted_by_hand:
        folders = {split: (root / "images" / split, root / "masks" / split) for split in splits}

    def list_pairs(split: str) -> list[Pair]:
        require_split("folder", split, splits)
        pairs = list_folder_pairs(*folders[split], WANTED)
        return pairs if sorted_by_hand else every_fifth(pairs, split)

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        return read_image(pair[0]), read_mask(pair[1], label_space)

    return Dataset("folder", label_space, splits, list_pairs, read, folders=folders)


def every_fifth(items: list, split: str) -> list:
    """The fifth, tenth, ... item for "val", the other ones for "train"."""
    if len(items) < 5:
        raise ValueError(
            f"{len(items)} images or places are too few to take every fifth to validate on. Add "
            f"some, or sort them into the folders train and val."
        )
    return items[4::5] if split == "val" else [item for i, item in enumerate(items) if i % 5 != 4]


def read_mask(path: Path, label_space: LabelSpace) -> np.ndarray:
    """Reads the ids of a mask (H, W), or turns its colors to ids.

    Raises:
        ValueError: If the mask does not decode, or a color belongs to no class.
    """
    if not _shows_colors(path):
        return read_label(path)
    try:
        classes = colors_to_ids(read_image(path), label_space.colors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return np.array(list(label_space.train_ids or range(label_space.num_classes)))[classes]


def _shows_colors(path: Path) -> bool:
    try:
        with Image.open(path) as mask:
            return len(mask.getbands()) > 2
    except OSError:
        return False  # what is wrong with the file is told where it is decoded
