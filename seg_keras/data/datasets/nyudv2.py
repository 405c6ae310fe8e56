"""NYUDv2: 480x640 indoor scenes of a depth camera, 40 classes.

All images are in one file, which holds ids of 894 classes; a table of Gupta et al. maps them to 40.

Reference: Silberman et al., "Indoor Segmentation and Support Inference from RGBD Images",
ECCV 2012; Gupta et al., "Perceptual Organization and Recognition of Indoor Scenes from RGB-D
Images", CVPR 2013 (the 40 classes)
"""

import functools
import threading
from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import Dataset, Pair, require_split
from seg_keras.data.label_spaces import one_based
from seg_keras.data.matlab import open_mat73, read_mat

NAMES = (
    "wall",
    "floor",
    "cabinet",
    "bed",
    "chair",
    "sofa",
    "table",
    "door",
    "window",
    "bookshelf",
    "picture",
    "counter",
    "blinds",
    "desk",
    "shelves",
    "curtain",
    "dresser",
    "pillow",
    "mirror",
    "floor mat",
    "clothes",
    "ceiling",
    "books",
    "refridgerator",
    "television",
    "paper",
    "towel",
    "shower curtain",
    "box",
    "whiteboard",
    "person",
    "night stand",
    "toilet",
    "sink",
    "lamp",
    "bathtub",
    "bag",
    "otherstructure",
    "otherfurniture",
    "otherprop",
)
IMAGES, SPLITS_FILE, MAPPING = "nyu_depth_v2_labeled.mat", "splits.mat", "classMapping40.mat"
VARIABLES = {"train": "trainNdxs", "test": "testNdxs"}


def nyudv2(data_dir: Path) -> Dataset:
    """795 images to train on, 654 to test on.

    Args:
        data_dir: The folder that holds `nyu_depth_v2_labeled.mat`, `splits.mat` and
            `classMapping40.mat`.
    """
    file = data_dir / IMAGES
    table = functools.cache(lambda: class_table(data_dir / MAPPING))
    opened = functools.cache(lambda: open_mat73(file))
    lock = threading.Lock()  # an HDF5 file is read by one thread at a time

    def list_pairs(split: str) -> list[Pair]:
        require_split("nyudv2", split, VARIABLES)
        if not file.is_file():
            raise FileNotFoundError(
                f"{file}: no such file. Give the folder that holds {IMAGES}, {SPLITS_FILE} and "
                f"{MAPPING} as --data-dir."
            )
        numbers = np.atleast_1d(read_mat(data_dir / SPLITS_FILE, VARIABLES[split]))
        # MATLAB counts from 1, and so do the names.
        parts = [file / f"{number:04d}" for number in sorted(numbers.tolist())]
        return [(part, part) for part in parts]

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        index = int(pair[0].name) - 1
        with lock:
            image, ids = opened()["images"][index], opened()["labels"][index]
        # HDF5 has MATLAB's axes in reverse: (3, width, height) and (width, height).
        return np.ascontiguousarray(image.transpose(2, 1, 0)), table()[ids.T]

    return Dataset("nyudv2", one_based(NAMES), tuple(VARIABLES), list_pairs, read)


def class_table(file: Path) -> np.ndarray:
    """From an id of the 894 classes to 1 to 40; 0 stays 0. uint8 (895,)."""
    return np.concatenate([[0], np.ravel(read_mat(file, "mapClass"))]).astype("uint8")
