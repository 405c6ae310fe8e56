"""PASCAL-Context: every pixel of the VOC 2010 photos labelled, the 59 most frequent classes.

The files hold ids of 459 classes, which `labels.txt` of the download names; all but 59 of them are
background. The order of the classes is that of FCN's models.

Reference: Mottaghi et al., "The Role of Context for Object Detection and Semantic Segmentation in
the Wild", CVPR 2014
"""

import functools
from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import (
    Dataset,
    Pair,
    checked_pairs,
    locate,
    read_names,
    require_split,
)
from seg_keras.data.files import read_image
from seg_keras.data.label_spaces import bit_palette, one_based
from seg_keras.data.labels import LabelSpace
from seg_keras.data.matlab import read_mat

NAMES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
    "bag",
    "bed",
    "bench",
    "book",
    "building",
    "cabinet",
    "ceiling",
    "clothes",
    "computer",
    "cup",
    "door",
    "fence",
    "floor",
    "flower",
    "food",
    "grass",
    "ground",
    "keyboard",
    "light",
    "mountain",
    "mouse",
    "curtain",
    "platform",
    "sign",
    "plate",
    "road",
    "rock",
    "shelves",
    "sidewalk",
    "sky",
    "snow",
    "bedcloth",
    "track",
    "tree",
    "truck",
    "wall",
    "water",
    "window",
    "wood",
)
# The list of all classes spells three of the 59 in another way.
FULL_NAMES = {"diningtable": "table", "bedcloth": "bedclothes", "clothes": "cloth"}
SPLITS = ("train", "val")


def pascal_context_59(data_dir: Path) -> Dataset:
    """4,998 training and 5,105 validation images; the background counts nowhere.

    Args:
        data_dir: The folder with `VOCdevkit/VOC2010`, and with `trainval` and `labels.txt` of
            PASCAL-Context.
    """
    return _pascal_context("pascal_context_59", data_dir, one_based(NAMES))


def pascal_context_60(data_dir: Path) -> Dataset:
    """The same images with the background as the first class.

    Args:
        data_dir: As for `pascal_context_59`.
    """
    names = ("background", *NAMES)
    label_space = LabelSpace(names, bit_palette(len(names)))
    return _pascal_context("pascal_context_60", data_dir, label_space)


def _pascal_context(name: str, data_dir: Path, label_space: LabelSpace) -> Dataset:
    wanted = "the folder with VOCdevkit/VOC2010, trainval and labels.txt"

    def list_pairs(split: str) -> list[Pair]:
        require_split(name, split, SPLITS)
        voc = locate(data_dir, "JPEGImages", ["VOCdevkit/VOC2010", "VOC2010", ""], wanted)
        names_file = voc / "ImageSets" / "Main" / f"{split}.txt"
        labels = locate(data_dir, "labels.txt", [""], wanted) / "trainval"
        pairs = [
            (voc / "JPEGImages" / f"{image}.jpg", labels / f"{image}.mat")
            for image in read_names(names_file)
        ]
        return checked_pairs(pairs, names_file)

    table = functools.cache(lambda: class_table(data_dir / "labels.txt"))

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        ids = np.asarray(read_mat(pair[1], "LabelMap"))
        if ids.max(initial=0) >= len(table()):
            raise ValueError(f"{pair[1]}: holds id {ids.max()}, which labels.txt does not name.")
        return read_image(pair[0]), table()[ids]

    return Dataset(name, label_space, SPLITS, list_pairs, read)


def class_table(labels_file: Path) -> np.ndarray:
    """From an id of the 459 classes to 1 to 59, or 0 for the background; uint8 (460,).

    Args:
        labels_file: Lines such as "23: bedclothes".
    """
    ids = {}
    for line in read_names(labels_file):
        number, _, name = line.partition(":")
        ids[name.replace(" ", "")] = int(number)
    wanted = [FULL_NAMES.get(name, name) for name in NAMES]
    missing = [name for name in wanted if name not in ids]
    if missing:
        raise ValueError(
            f"{labels_file}: has no line for {', '.join(missing)}. Give the labels.txt of "
            f"PASCAL-Context with its 459 classes."
        )
    table = np.zeros(max(ids.values()) + 1, "uint8")
    table[[ids[name] for name in wanted]] = np.arange(1, len(NAMES) + 1)
    return table
