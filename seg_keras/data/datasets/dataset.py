"""What every data set gives: pairs of files per split, a label space and a reader."""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from seg_keras.data.files import is_image, read_image, read_label
from seg_keras.data.labels import LabelSpace

# An image and its label: files, or parts of a file, written as if that were a folder, such as
# IBSR_01_ana_strip.nii.gz/017 or instances_val2017.json/139. Parts are for a data set's own `read`.
Pair = tuple[Path, Path]


def read_pair(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Decodes an image file to uint8 (H, W, 3) RGB and its label file to raw ids (H, W)."""
    return read_image(pair[0]), read_label(pair[1])


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set on disk.

    Args:
        name: Its key in `DATASETS`.
        label_space: Class names, colors and file ids.
        splits: The splits there are, such as ("train", "val").
        list_pairs: From a split to its sorted (image file, label file) pairs.
        read: From a pair to an image (H, W, C) in [0, 255], uint8 or float32, and raw label ids
            (H, W); from a time series to images (T, H, W, C) and the ids of their last date.
        read_instances: From a pair to the number of the object that each pixel belongs to, (H, W)
            with 0 for none, where the data set tells touching objects apart.
        folders: The image folder and the label folder of each split, where every file of the one
            needs a partner of the same stem in the other; None for other layouts.
    """

    name: str
    label_space: LabelSpace
    splits: tuple[str, ...]
    list_pairs: Callable[[str], list[Pair]]
    read: Callable[[Pair], tuple[np.ndarray, np.ndarray]] = read_pair
    read_instances: Callable[[Pair], np.ndarray] | None = None
    folders: Mapping[str, tuple[Path, Path]] | None = None

    def load(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """Reads a pair as an image ([T,] H, W, C) and uint8 training ids (H, W), both checked.

        Raises:
            ValueError: If the files do not decode, differ in size, or hold unknown ids.
        """
        image, raw = self.read(pair)
        height, width = image.shape[-3:-1]
        if (height, width) != raw.shape:
            raise ValueError(
                f"{pair[1]}: the label is {raw.shape[0]}x{raw.shape[1]} pixels, but its image "
                f"{pair[0]} is {height}x{width}. Resize the label with nearest neighbour, or "
                f"remove the pair."
            )
        try:
            return image, self.label_space.to_train_ids(raw)
        except ValueError as error:
            raise ValueError(f"{pair[1]}: {error}") from None


def list_folder_pairs(images: Path, labels: Path, wanted: str) -> list[Pair]:
    """Pairs the images of one folder with the labels of the same stem in another, sorted.

    Args:
        images: Folder of image files.
        labels: Folder of label files, PNG or any other format that Pillow reads.
        wanted: What `--data-dir` should name, for the error of a missing folder.

    Raises:
        FileNotFoundError: If a folder is missing.
        ValueError: If there are no images, or one of them has no label.
    """
    for folder in (images, labels):
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder. Give {wanted} as --data-dir.")
    label_files = {path.stem: path for path in labels.iterdir() if is_image(path)}
    image_files = sorted(path for path in images.iterdir() if is_image(path))
    if not image_files:
        raise ValueError(f"{images}: the split is empty. Put its images there as PNG or JPEG.")
    missing = [path for path in image_files if path.stem not in label_files]
    if missing:
        raise ValueError(
            f"{missing[0]}: has no label in {labels} ({len(missing)} of {len(image_files)} images "
            f"have none). Add {missing[0].stem}.png there, or remove the image."
        )
    return [(path, label_files[path.stem]) for path in image_files]


def require_split(name: str, split: str, splits: Collection[str]) -> None:
    """Raises ValueError with the splits there are, unless `split` is one of them."""
    if split not in splits:
        raise ValueError(f"{name} has no split {split!r}. Choose one of: {', '.join(splits)}.")


def locate(data_dir: Path, marker: str, places: Sequence[str], wanted: str) -> Path:
    """Finds the folder of a data set, also where its archive or its parent folder was named.

    Args:
        data_dir: What the user named.
        marker: A file or folder that the right folder holds.
        places: Paths in `data_dir` to look in, "" for itself.
        wanted: What `--data-dir` should name, for the error.
    """
    for place in places:
        if (data_dir / place / marker).exists():
            return data_dir / place
    raise FileNotFoundError(f"{data_dir}: has no {marker}. Give {wanted} as --data-dir.")


def read_names(path: Path) -> list[str]:
    """Lines of a list file of a data set, the empty ones left out."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such list. It is part of the download; put it there.")
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]


def checked_pairs(pairs: list[Pair], source: Path) -> list[Pair]:
    """Gives the pairs back if there are any and all of their files exist.

    Args:
        pairs: Files, or parts of files.
        source: The list or folder that the pairs come from, for the errors.
    """
    if not pairs:
        raise ValueError(f"{source}: the split is empty. Unpack the whole download.")
    missing = [
        path for pair in pairs for path in pair if not (path.is_file() or path.parent.is_file())
    ]
    if missing:
        raise FileNotFoundError(
            f"{missing[0]}: no such file, and {len(missing) - 1} more of the {2 * len(pairs)} "
            f"files that {source} asks for are missing. Unpack the whole download."
        )
    return pairs
