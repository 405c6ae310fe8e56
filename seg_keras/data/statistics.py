"""How many pixels each class has, counted in one pass that also checks every pair."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from seg_keras.data.datasets import Dataset, Pair


@dataclasses.dataclass(frozen=True)
class ClassCounts:
    """Pixels of a split, the ignored ones not counted.

    Args:
        pixels: int64 (num_classes,), pixels of each class.
        pixels_of_images: int64 (num_classes,), pixels of all images that hold the class.
        images: int64 (num_classes,), how many images hold the class.
    """

    pixels: np.ndarray
    pixels_of_images: np.ndarray
    images: np.ndarray


def count_classes(
    dataset: Dataset,
    pairs: Sequence[Pair],
    track: Callable[[Iterable], Iterable] = iter,
) -> ClassCounts:
    """Counts the pixels of each class; reads every pair, so broken files are found here.

    Args:
        dataset: Reads the pairs.
        pairs: Image and label files.
        track: Wraps the iterable of finished pairs, for a progress bar.

    Raises:
        ValueError: If a pair does not decode, differs in size or holds unknown ids.
    """
    num_classes = dataset.label_space.num_classes

    def histogram(pair: Pair) -> np.ndarray:
        _, label = dataset.load(pair)
        return np.bincount(label.ravel(), minlength=256)[:num_classes]

    pixels, pixels_of_images, images = (np.zeros(num_classes, "int64") for _ in range(3))
    with ThreadPoolExecutor() as pool:
        for counts in track(pool.map(histogram, pairs)):
            pixels += counts
            pixels_of_images += np.where(counts > 0, counts.sum(), 0)
            images += counts > 0
    return ClassCounts(pixels, pixels_of_images, images)
