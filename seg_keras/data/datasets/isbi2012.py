"""ISBI 2012: serial electron microscopy of a fly's nerve cord, cells and their membranes.

Two forms are read: the challenge's own stacks of 30 pages, and folders `image` and `label` of
numbered PNG files, as the stacks are often passed on. The labels of the test stack are not public:
the last sixth of the training stack is the validation split.

Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms
for connectomics", Frontiers in Neuroanatomy 2015
"""

import functools
from pathlib import Path

import numpy as np

from seg_keras.data.bands import read_tiff
from seg_keras.data.datasets.dataset import (
    Dataset,
    Pair,
    list_folder_pairs,
    locate,
    read_pair,
    require_split,
)
from seg_keras.data.labels import LabelSpace

LABEL_SPACE = LabelSpace(("membrane", "cell"), ((0, 0, 0), (255, 255, 255)), {0: 0, 255: 1})
SPLITS = ("train", "val")
IMAGES, LABELS = "train-volume.tif", "train-labels.tif"
WANTED = f"the folder with {IMAGES} and {LABELS}, or with image and label,"


def isbi2012(data_dir: Path) -> Dataset:
    """25 images of 512x512 pixels to train on and 5 to validate on (of 24: 20 and 4).

    Args:
        data_dir: The folder with `train-volume.tif` and `train-labels.tif`, or with `image` and
            `label`.
    """
    stack = functools.lru_cache(maxsize=2)(read_tiff)
    in_folders = not (data_dir / IMAGES).is_file()
    both = (data_dir / "image", data_dir / "label")

    def list_pairs(split: str) -> list[Pair]:
        require_split("isbi2012", split, SPLITS)
        if in_folders:
            locate(data_dir, "image", [""], WANTED)
            pairs = list_folder_pairs(*both, WANTED)
            pairs.sort(key=lambda pair: (len(pair[0].stem), pair[0].stem))  # 2 before 10
        else:
            count = len(stack(data_dir / IMAGES))
            pages = [f"page_{index:02d}" for index in range(count)]
            pairs = [(data_dir / IMAGES / page, data_dir / LABELS / page) for page in pages]
        train_count = len(pairs) - len(pairs) // 6
        return pairs[:train_count] if split == "train" else pairs[train_count:]

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        if pair[0].is_file():
            image, label = read_pair(pair)
        else:
            gray, label = (stack(part.parent)[int(part.name[-2:])] for part in pair)
            image = np.repeat(gray[..., np.newaxis], 3, axis=-1)
        return image, np.where(label > 127, 255, 0).astype("uint8")

    folders = dict.fromkeys(SPLITS, both) if in_folders else None
    return Dataset("isbi2012", LABEL_SPACE, SPLITS, list_pairs, read, folders=folders)
