"""PASCAL VOC 2012: everyday photos, 20 kinds of objects and the background.

Label files are indexed PNG: their indices are read, never their colors. 255 marks the border of
objects and what is too difficult. `trainaug` adds the labels of SBD, which have no such border.

Reference: Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective",
IJCV 2015; Hariharan et al., "Semantic Contours from Inverse Detectors", ICCV 2011 (SBD)
"""

from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import (
    Dataset,
    Pair,
    checked_pairs,
    locate,
    read_names,
    read_pair,
    require_split,
)
from seg_keras.data.files import read_image
from seg_keras.data.label_spaces import bit_palette
from seg_keras.data.labels import LabelSpace
from seg_keras.data.matlab import read_mat

NAMES = (
    "background",
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
)
VOC_CLASSES = LabelSpace(NAMES, bit_palette(len(NAMES)))
SPLITS = ("train", "val", "trainval", "trainaug")
LISTS = Path("ImageSets", "Segmentation")


def voc2012(data_dir: Path) -> Dataset:
    """1,464 images to train on (`trainaug`: 10,582), 1,449 to validate on.

    Args:
        data_dir: `VOCdevkit/VOC2012`, or a folder above it. For `trainaug`, that folder also holds
            `benchmark_RELEASE` as SBD is shipped, or VOC2012 holds the same labels as PNG in
            `SegmentationClassAug`.
    """

    def list_pairs(split: str) -> list[Pair]:
        require_split("voc2012", split, SPLITS)
        root = locate(data_dir, LISTS, ["", "VOC2012", "VOCdevkit/VOC2012"], "VOCdevkit/VOC2012")
        if split == "trainaug":
            labels = _augmented_labels(root, data_dir)
        else:
            names = read_names(root / LISTS / f"{split}.txt")
            labels = {name: root / "SegmentationClass" / f"{name}.png" for name in names}
        pairs = [(root / "JPEGImages" / f"{name}.jpg", labels[name]) for name in sorted(labels)]
        return checked_pairs(pairs, root / LISTS)

    return Dataset("voc2012", VOC_CLASSES, SPLITS, list_pairs, read)


def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Reads an image and the indices of a PNG, or the segmentation of one of SBD's .mat files."""
    image, label = pair
    if label.suffix == ".mat":
        return read_image(image), np.asarray(read_mat(label, "GTcls")["Segmentation"])
    return read_pair(pair)


def _augmented_labels(root: Path, data_dir: Path) -> dict[str, Path]:
    """Labels of VOC train, SBD train and SBD val without VOC val; VOC's own where both have one."""
    own, held_out = (set(read_names(root / LISTS / f"{name}.txt")) for name in ("train", "val"))
    converted = root / "SegmentationClassAug"
    if converted.is_dir():
        further = {path.stem: path for path in converted.glob("*.png")}
    else:
        sbd = locate(
            data_dir,
            "cls",
            ["benchmark_RELEASE/dataset", "../benchmark_RELEASE/dataset"]
            + ["../../benchmark_RELEASE/dataset"],
            "a folder that holds VOCdevkit and benchmark_RELEASE (SBD)",
        )
        names = read_names(sbd / "train.txt") + read_names(sbd / "val.txt")
        further = {name: sbd / "cls" / f"{name}.mat" for name in names}
    labels = {name: path for name, path in further.items() if name not in held_out}
    return labels | {name: root / "SegmentationClass" / f"{name}.png" for name in own}
