"""Eye in the Sky: satellite scenes in red, green, blue and near infrared, 9 classes.

The bands have 16 bits; each is stretched to [0, 255] by its own range in the scene. Labels are
colored images. What the labellers left out is a class of its own, `unclassified`.

Reference: the Inter-IIT CSRE challenge 2018, https://github.com/manideep2510/eye-in-the-sky
"""

from pathlib import Path

import numpy as np

from seg_keras.data.bands import read_tiff, stretch
from seg_keras.data.color_codes import colors_to_ids
from seg_keras.data.datasets.dataset import Dataset, Pair, checked_pairs, locate, require_split
from seg_keras.data.files import read_image
from seg_keras.data.labels import LabelSpace

CLASSES = (
    ("road", (0, 0, 0)),
    ("tree", (0, 125, 0)),
    ("bare soil", (150, 80, 0)),
    ("railway", (255, 255, 0)),
    ("building", (100, 100, 100)),
    ("grass", (0, 255, 0)),
    ("water", (0, 0, 150)),
    ("swimming pool", (150, 150, 255)),
    ("unclassified", (255, 255, 255)),
)
LABEL_SPACE = LabelSpace(*zip(*CLASSES, strict=True))
SCENES = {"train": range(1, 14), "val": range(14, 15)}


def eye_in_the_sky(data_dir: Path) -> Dataset:
    """13 scenes to train on, 1 to validate on, of 782x622 to 1672x1639 pixels and 4 bands.

    Args:
        data_dir: The folder `The-Eye-in-the-Sky-dataset`, or the one above it.
    """

    def list_pairs(split: str) -> list[Pair]:
        require_split("eye_in_the_sky", split, SCENES)
        name = "The-Eye-in-the-Sky-dataset"
        root = locate(data_dir, "sat", ["", name], f"the folder {name}")
        names = [f"{number}.tif" for number in SCENES[split]]
        return checked_pairs([(root / "sat" / name, root / "gt" / name) for name in names], root)

    return Dataset("eye_in_the_sky", LABEL_SPACE, tuple(SCENES), list_pairs, read)


def read(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Reads the bands of a scene, uint8 (H, W, 4), and the ids of its colored label."""
    bands = read_tiff(pair[0])
    if bands.ndim != 3:
        raise ValueError(f"{pair[0]}: expected an image of several bands, got {bands.shape}.")
    try:
        ids = colors_to_ids(read_image(pair[1]), LABEL_SPACE.colors)
    except ValueError as error:
        raise ValueError(f"{pair[1]}: {error}") from None
    return stretch(bands), ids
