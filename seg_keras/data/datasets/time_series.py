"""Satellite image time series: a folder per place, a file per date.

    DIR/classes.txt                      one class per line
    DIR/PLACE/2019-06-01.tif             bands blue, green, red, near infrared
    DIR/PLACE/2019-06-01_cloud.tif       where it is not 0, the date shows clouds (optional)
    DIR/PLACE/2019-06-01_label.tif       ids of that date, 255 = unlabelled (for some dates)

A sample is a labelled date with the dates before it. Bands come as red, green, blue, near infrared,
so that weights of color images fit; what clouds hide is black. Reflectances of 16 bits are scaled
alike at all dates, since their change is what is looked at.

Places lie in `train` and `val`, or every fifth is to validate on.
"""

import datetime
from pathlib import Path

import numpy as np

from seg_keras.data.bands import read_tiff
from seg_keras.data.class_list import read_class_list
from seg_keras.data.datasets.dataset import Dataset, Pair, locate, require_split
from seg_keras.data.datasets.folder import every_fifth
from seg_keras.data.files import read_label

SPLITS = ("train", "val")
FULL_REFLECTANCE = 10_000  # what 16-bit products store for a surface that reflects all light


def time_series(data_dir: Path, length: int = 6) -> Dataset:
    """The labelled dates of all places, each with the dates before it.

    Args:
        data_dir: The folder of the places, with `classes.txt`.
        length: Dates per sample; a labelled date with fewer before it is left out.
    """
    root = locate(data_dir, "classes.txt", [""], "the folder of the places and classes.txt")

    def list_pairs(split: str) -> list[Pair]:
        require_split("time_series", split, SPLITS)
        own = (root / "train").is_dir()
        parent = root / split if own else root
        places = sorted(path for path in parent.iterdir() if path.is_dir())
        places = places if own else every_fifth(places, split)
        labels = [path for place in places for path in sorted(place.glob("*_label.tif"))]
        pairs = [(_frame(label), label) for label in labels]
        pairs = [pair for pair in pairs if len(frames(pair, length)) == length]
        if not pairs:
            raise ValueError(
                f"{parent}: no place has a label such as 2019-06-01_label.tif with {length} dates "
                f"up to it. Add labels or earlier dates."
            )
        return pairs

    return Dataset(
        "time_series",
        read_class_list(root / "classes.txt"),
        SPLITS,
        list_pairs,
        lambda pair: (read_series(frames(pair, length)), read_label(pair[1])),
    )


def frames(pair: Pair, length: int) -> list[Path]:
    """The images of a sample in the order of their dates, the labelled one last."""
    dated = [path for path in pair[0].parent.glob("*.tif") if "_" not in path.stem]
    return [path for path in sorted(dated) if path.stem <= pair[0].stem][-length:]


def days_of_year(paths: list[Path]) -> np.ndarray:
    """The day of the year, 1 to 366, of each image; int32 (T,)."""
    days = [datetime.date.fromisoformat(path.stem).timetuple().tm_yday for path in paths]
    return np.array(days, "int32")


def read_series(paths: list[Path]) -> np.ndarray:
    """Reads images of one place as float32 (T, H, W, bands) in [0, 255], clouds black.

    Raises:
        ValueError: If they differ in size or number of bands.
    """
    series = [_read_frame(path) for path in paths]
    for path, image in zip(paths, series, strict=True):
        if image.shape != series[0].shape:
            raise ValueError(
                f"{path}: is {image.shape}, but {paths[0].name} is {series[0].shape}. The images "
                f"of a place need the same (height, width, bands); crop or resample them."
            )
    return np.stack(series)


def _read_frame(path: Path) -> np.ndarray:
    bands = read_tiff(path)
    if bands.ndim != 3 or bands.shape[-1] < 3:
        raise ValueError(
            f"{path}: expected at least the bands blue, green and red, got {bands.shape}."
        )
    image = bands[..., [2, 1, 0, *range(3, bands.shape[-1])]].astype("float32")
    if bands.dtype != np.uint8:
        image = np.clip(image * (255 / FULL_REFLECTANCE), 0, 255)
    clouds = path.with_name(f"{path.stem}_cloud.tif")
    if clouds.is_file():
        image[read_label(clouds) > 0] = 0
    return image


def _frame(label: Path) -> Path:
    return label.with_name(label.name.replace("_label", ""))
