"""Rand error: whether pairs of pixels that belong to one cell are kept in one cell.

A gap of a single pixel in a membrane joins two cells. No count of pixels notices, this does.

Reference: Arganda-Carreras et al., "Crowdsourcing the creation of image segmentation algorithms
for connectomics", Frontiers in Neuroanatomy 2015, equations 1 to 3 (the ISBI 2012 challenge).

Its other measure, the warping error (Jain et al., CVPR 2010), is not here: it is the least error
over all deformations of the labels that keep their topology, and the challenge's own code finds a
local minimum that depends on the order in which pixels are visited. There is no exact value.
"""

import cv2
import numpy as np


def rand_scores(labels: np.ndarray, segments: np.ndarray) -> dict[str, float]:
    """Compares two partitions of an image, within the cells of the ground truth.

    Args:
        labels: Which cell a pixel belongs to (H, W), integer; 0 between cells, where nothing
            counts.
        segments: Which predicted cell, (H, W), integer; 0 is a segment like any other, so give
            `fill_borders(...)` where the width of the predicted borders shall not count.

    Returns:
        `rand_error`, 1 - F1, from 0 to 1; `rand_precision`, which falls where cells are merged;
        `rand_recall`, which falls where they are split. All 0 if nothing counts.

    Raises:
        ValueError: If the shapes differ.
    """
    if labels.shape != segments.shape:
        raise ValueError(
            f"labels {labels.shape} and segments {segments.shape} differ in shape. Resize the "
            f"predictions to the labels before they are parted into cells."
        )
    inside = labels != 0
    pairs = np.stack([labels[inside], segments[inside]]).astype("int64")
    together = _pairs_within(np.unique(pairs, axis=1, return_counts=True)[1])
    true, predicted = (_pairs_within(np.unique(ids, return_counts=True)[1]) for ids in pairs)
    if together == 0:
        return {"rand_error": 0.0, "rand_precision": 0.0, "rand_recall": 0.0}
    return {
        "rand_error": 1 - 2 * together / (true + predicted),
        "rand_precision": together / predicted,
        "rand_recall": together / true,
    }


class RandError:
    """Streaming Rand error of a data set, the mean over its images.

    Args:
        ignore_label: Pixels with this label lie in no true cell.

    Example:
        rand = RandError()
        rand.update(labels, classes)
        rand.result()["rand_error"]
    """

    def __init__(self, ignore_label: int = 255):
        self.ignore_label = ignore_label
        self._scores = []  # of each image with a cell

    def update(
        self, labels: np.ndarray, classes: np.ndarray, instances: np.ndarray | None = None
    ) -> None:
        """Adds one image.

        Args:
            labels: Ids of the ground truth (H, W), 0 between cells.
            classes: Predicted ids (H, W), 0 between cells. Their borders are given to the nearest
                cell, so that only what is joined or split counts.
            instances: Number of the true cell of each pixel (H, W), 0 for none, where touching
                cells are told apart; None for the connected parts of the labels.
        """
        inside = (labels != 0) & (labels != self.ignore_label)
        true = cells(inside) if instances is None else np.where(inside, instances, 0)
        if true.any():
            self._scores.append(rand_scores(true, fill_borders(cells(classes != 0))))

    def merge(self, other: "RandError") -> None:
        """Adds the images of another process."""
        self._scores += other._scores

    def result(self) -> dict[str, float | str | None]:
        """Scores the images so far.

        Returns:
            `rand_error`, `rand_precision` and `rand_recall`, means over the images that have
            cells, from 0 to 1, or None if none has; `rand_convention`, what was counted.
        """
        names = ("rand_error", "rand_precision", "rand_recall")
        scores = {
            name: float(np.mean([each[name] for each in self._scores])) if self._scores else None
            for name in names
        }
        return scores | {"rand_convention": "within true cells, borders filled; mean of images"}


def cells(mask: np.ndarray) -> np.ndarray:
    """Numbers the connected parts of a mask.

    Args:
        mask: Whether a pixel is inside of a cell, bool (H, W); parts that only touch at a corner
            are two.

    Returns:
        int32 (H, W): 0 outside, 1 and more inside.
    """
    return cv2.connectedComponents(np.asarray(mask, "uint8"), connectivity=4)[1]


def fill_borders(segments: np.ndarray) -> np.ndarray:
    """Gives every pixel between cells to the nearest one, so that borders have no width.

    Args:
        segments: int32 (H, W) of `cells`.

    Returns:
        int32 (H, W) without 0, unless there are no cells at all.
    """
    if not segments.any():
        return segments
    outside = (segments == 0).astype("uint8")
    nearest = cv2.distanceTransformWithLabels(
        outside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    owners = np.zeros(nearest.max() + 1, segments.dtype)
    owners[nearest[outside == 0]] = segments[outside == 0]
    return owners[nearest]


def _pairs_within(sizes: np.ndarray) -> float:
    """Ordered pairs of pixels, a pixel with itself too, that lie in one part of these sizes."""
    return float((sizes.astype("float64") ** 2).sum())
