"""Two microscopy videos of the Cell Tracking Challenge: PhC-C2DH-U373 and DIC-C2DH-HeLa.

A label file holds a number per cell, so that cells that touch are told apart: the class map is
where it is not 0, and `read_instances` gives the numbers, from which U-Net's weights of the seams
between cells are made. Only some frames are labelled.

Reference: Ulman et al., "An objective comparison of cell-tracking algorithms", Nature Methods 2017
"""

from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import Dataset, Pair, checked_pairs, locate, require_split
from seg_keras.data.files import read_image, read_label
from seg_keras.data.labels import LabelSpace

LABEL_SPACE = LabelSpace(("background", "cell"), ((0, 0, 0), (0, 200, 120)))
SEQUENCES = {"train": "01", "val": "02"}


def phc_u373(data_dir: Path) -> Dataset:
    """Glioblastoma cells in phase contrast: the labelled frames of two videos of 115.

    Args:
        data_dir: The folder `PhC-C2DH-U373` of the training data, or the one above it. Sequence 01
            is to train on, 02 to validate on.
    """
    return _cells("phc_u373", data_dir, "PhC-C2DH-U373")


def dic_hela(data_dir: Path) -> Dataset:
    """HeLa cells in differential interference contrast: the labelled frames of two videos of 84.

    Args:
        data_dir: The folder `DIC-C2DH-HeLa` of the training data, or the one above it. Sequence 01
            is to train on, 02 to validate on.
    """
    return _cells("dic_hela", data_dir, "DIC-C2DH-HeLa")


def _cells(name: str, data_dir: Path, folder: str) -> Dataset:
    def list_pairs(split: str) -> list[Pair]:
        require_split(name, split, SEQUENCES)
        sequence = SEQUENCES[split]
        root = locate(data_dir, f"{sequence}_GT", ["", folder], f"the folder {folder}")
        labels = sorted((root / f"{sequence}_GT" / "SEG").glob("man_seg*.tif"))
        pairs = [(root / sequence / f"t{path.stem[len('man_seg') :]}.tif", path) for path in labels]
        return checked_pairs(pairs, root / f"{sequence}_GT")

    return Dataset(name, LABEL_SPACE, tuple(SEQUENCES), list_pairs, read, read_instances)


def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Reads a frame as uint8 (H, W, 3), all channels equal, and where its cells are."""
    return read_image(pair[0]), (read_instances(pair) > 0).astype("uint8")


def read_instances(pair: Pair) -> np.ndarray:
    """Reads the number of the cell that each pixel belongs to, (H, W) with 0 for none."""
    return read_label(pair[1])
