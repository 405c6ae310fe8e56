"""What every data set gives: pairs of files per split, a label space and a reader."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from seg_keras.data.files import is_image, read_image, read_label
from seg_keras.data.labels import LabelSpace

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
        read: From a pair to an image (H, W, C) and raw label ids (H, W).
    """

    name: str
    label_space: LabelSpace
    splits: tuple[str, ...]
    list_pairs: Callable[[str], list[Pair]]
    read: Callable[[Pair], tuple[np.ndarray, np.ndarray]] = read_pair

    def load(self, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
        """Reads a pair as an image (H, W, C) and uint8 training ids (H, W), both checked.

        Raises:
            ValueError: If the files do not decode, differ in size, or hold unknown ids.
        """
        image, raw = self.read(pair)
        if image.shape[:2] != raw.shape:
            raise ValueError(
                f"{pair[1]}: the label is {raw.shape[0]}x{raw.shape[1]} pixels, but its image "
                f"{pair[0]} is {image.shape[0]}x{image.shape[1]}. Resize the label with nearest "
                f"neighbour, or remove the pair."
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
