"""SUN RGB-D: indoor scenes of four depth cameras, 37 classes.

Two forms are read. The official one: scenes in folders, all labels in one MATLAB file of the
toolbox, of which one image at a time is read. And the light one that many use: images as JPEG,
labels as PNG, extracted by A. Handa; its test images come first in the numbering of the labels.

Reference: Song et al., "SUN RGB-D: A RGB-D Scene Understanding Benchmark Suite", CVPR 2015
"""

import functools
import threading
from pathlib import Path

import numpy as np

from seg_keras.data.datasets.dataset import (
    Dataset,
    Pair,
    checked_pairs,
    locate,
    read_pair,
    require_split,
)
from seg_keras.data.files import read_image
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
    "floor_mat",
    "clothes",
    "ceiling",
    "books",
    "fridge",
    "tv",
    "paper",
    "towel",
    "shower_curtain",
    "box",
    "whiteboard",
    "person",
    "night_stand",
    "toilet",
    "sink",
    "lamp",
    "bathtub",
    "bag",
)
SPLITS = ("train", "test")
TOOLBOX = Path("SUNRGBDtoolbox")
LABELS = TOOLBOX / "Metadata" / "SUNRGBD2Dseg.mat"
LIGHT_LABELS = "sunrgbd_train_test_labels"
TEST_COUNT = 5050  # labels 1 to 5050 of the light form are those of the test images
WANTED = (
    f"the folder with SUNRGBD and SUNRGBDtoolbox, or with SUNRGBD-train_images, "
    f"SUNRGBD-test_images and {LIGHT_LABELS},"
)


def sun_rgbd(data_dir: Path) -> Dataset:
    """5,285 images to train on, 5,050 to test on.

    Args:
        data_dir: The folder that holds `SUNRGBD` and `SUNRGBDtoolbox`; or the three archives of
            the light form, each unpacked to a folder of its name.
    """
    opened = functools.cache(lambda: open_mat73(data_dir / LABELS))
    lock = threading.Lock()  # an HDF5 file is read by one thread at a time

    def list_pairs(split: str) -> list[Pair]:
        require_split("sun_rgbd", split, SPLITS)
        if (data_dir / LABELS).is_file():
            return _official_pairs(data_dir, split)
        return _light_pairs(locate(data_dir, LIGHT_LABELS, [""], WANTED), split)

    def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        image, label = pair
        if label.suffix:
            return read_pair(pair)
        with lock:
            file = opened()
            reference = file["SUNRGBD2Dseg"]["seglabel"][int(label.name) - 1, 0]
            ids = file[reference][()]
        return read_image(image), ids.T  # HDF5 has MATLAB's axes in reverse

    return Dataset("sun_rgbd", one_based(NAMES), SPLITS, list_pairs, read)


def _official_pairs(data_dir: Path, split: str) -> list[Pair]:
    chosen = read_mat(data_dir / TOOLBOX / "traintestSUNRGBD" / "allsplit.mat", f"all{split}")
    chosen = {_scene(str(path)) for path in np.atleast_1d(chosen)}
    records = read_mat(data_dir / TOOLBOX / "Metadata" / "SUNRGBDMeta.mat", "SUNRGBDMeta")
    pairs = []
    for number, record in enumerate(records, start=1):  # in the order of the labels
        scene = _scene(record["sequenceName"])
        if scene in chosen:
            image = data_dir / scene / "image" / record["rgbname"]
            pairs.append((image, data_dir / LABELS / f"{number:06d}"))
    return checked_pairs(sorted(pairs), data_dir / TOOLBOX)


def _scene(path: str) -> str:
    """The part of a path from `SUNRGBD` on; the lists hold paths of their authors' machine."""
    return "SUNRGBD/" + path.partition("SUNRGBD/")[2].strip("/")


def _light_pairs(data_dir: Path, split: str) -> list[Pair]:
    images = data_dir / f"SUNRGBD-{split}_images"
    offset = TEST_COUNT if split == "train" else 0
    pairs = []
    for image in sorted(images.glob("img-*.jpg")):
        number = int(image.stem.removeprefix("img-")) + offset
        pairs.append((image, data_dir / LIGHT_LABELS / f"img-{number:06d}.png"))
    return checked_pairs(pairs, images)
