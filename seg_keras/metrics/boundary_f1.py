"""Boundary F1: whether the outlines are right, which IoU hardly sees of large objects.

Of each class, precision is the share of predicted boundary pixels that lie near a true one, recall
the share of true ones near a predicted one; an image scores the mean F1 of its classes, a data
set the mean of its images.

Reference: Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC
2013, section 3.3. There each pixel is matched with one of the other boundary at most (the
matching of the Berkeley benchmark); here several may share a partner, as in SegNet's evaluation
and in MATLAB's `bfscore`, which gives slightly higher scores and takes a fraction of the time.
"""

import cv2
import numpy as np

from seg_keras.metrics.boundaries import boundary_pixels, touching

TOLERANCE = 0.0075  # of the image's diagonal, as in both papers


def boundary_f1(
    labels: np.ndarray,
    classes: np.ndarray,
    num_classes: int,
    ignore_label: int = 255,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """The boundary F1 of each class in one image.

    Args:
        labels: Ids of the ground truth (H, W), integer.
        classes: Predicted ids (H, W).
        num_classes: How many classes the model predicts; 1 means the two classes of a sigmoid.
        ignore_label: Boundaries that touch pixels of this label do not count on either side; if it
            is one of the classes, such as 0, that class has no score.
        tolerance: What is near, as a share of the image's diagonal; 9 pixels for 720x960.

    Returns:
        float64 (num_classes,) in [0, 1]: 0 where a class has a boundary in one map only, NaN
        where it has none in both. Two values for one class.

    Raises:
        ValueError: If the shapes differ or are no images.
    """
    if labels.shape != classes.shape or labels.ndim != 2:
        raise ValueError(
            f"labels {labels.shape} and classes {classes.shape} must be maps (H, W) of the same "
            f"size. Resize the predictions to the labels, and give one image at a time."
        )
    num_classes = max(num_classes, 2)
    void = labels == ignore_label
    labels, classes = (np.where(void, num_classes, ids) for ids in (labels, classes))
    counts = ~touching(labels, num_classes)
    edges = [boundary_pixels(ids) & counts for ids in (labels, classes)]
    disk = _disk(tolerance * np.hypot(*labels.shape))
    scores = np.full(num_classes, np.nan)
    for index in np.setdiff1d(range(num_classes), ignore_label):
        true, predicted = edges[0] & (labels == index), edges[1] & (classes == index)
        scores[index] = _f1(true, predicted, disk)
    return scores


def mean_boundary_f1(
    labels: np.ndarray,
    classes: np.ndarray,
    num_classes: int,
    ignore_label: int = 255,
    tolerance: float = TOLERANCE,
) -> float:
    """The boundary F1 of one image: the mean of its classes, NaN where there is no boundary.

    Args:
        labels, classes, num_classes, ignore_label, tolerance: As in `boundary_f1`.
    """
    scores = boundary_f1(labels, classes, num_classes, ignore_label, tolerance)
    return _mean(scores)


class BoundaryF1:
    """Streaming boundary F1 of a data set, the mean over its images.

    Args:
        num_classes, ignore_label, tolerance: As in `boundary_f1`.
    """

    def __init__(self, num_classes: int, ignore_label: int = 255, tolerance: float = TOLERANCE):
        self.num_classes = max(num_classes, 2)
        self.ignore_label = ignore_label
        self.tolerance = tolerance
        self._scores = []  # of each image (num_classes,)

    def update(self, labels: np.ndarray, classes: np.ndarray) -> None:
        """Adds one image; see `boundary_f1`."""
        self._scores.append(
            boundary_f1(labels, classes, self.num_classes, self.ignore_label, self.tolerance)
        )

    def merge(self, other: "BoundaryF1") -> None:
        """Adds the images of another process."""
        self._scores += other._scores

    def result(self) -> dict:
        """Scores the images so far.

        Returns:
            `mean_boundary_f1`, the mean over the images that have boundaries, in [0, 1] (0 if
            none has); `per_class_boundary_f1`, for each class the mean over the images in which it
            has any, or None; `boundary_convention`, what was counted.
        """
        scores = np.reshape(self._scores, (-1, self.num_classes))
        of_images = _mean(np.array([_mean(row) for row in scores]))
        of_classes = [_mean(column) for column in scores.T]
        return {
            "mean_boundary_f1": 0.0 if np.isnan(of_images) else of_images,
            "per_class_boundary_f1": [None if np.isnan(f1) else f1 for f1 in of_classes],
            "boundary_convention": (
                f"within {self.tolerance:.2%} of the diagonal, several pixels may share a "
                f"partner; mean of images"
            ),
        }


def _f1(true: np.ndarray, predicted: np.ndarray, disk: np.ndarray) -> float:
    """F1 of two sets of boundary pixels, bool (H, W)."""
    either = true | predicted
    rows, columns = np.flatnonzero(either.any(axis=1)), np.flatnonzero(either.any(axis=0))
    if rows.size == 0:
        return np.nan
    frame = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    true, predicted = true[frame], predicted[frame]
    if not true.any() or not predicted.any():
        return 0.0
    precision = cv2.dilate(true.view(np.uint8), disk)[predicted].mean()
    recall = cv2.dilate(predicted.view(np.uint8), disk)[true].mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _disk(radius: float) -> np.ndarray:
    """All offsets up to `radius` pixels: uint8 (2r + 1, 2r + 1). Dilating by it is exact."""
    offsets = np.arange(-int(radius), int(radius) + 1)
    return (offsets[:, None] ** 2 + offsets**2 <= radius**2).astype(np.uint8)


def _mean(scores: np.ndarray) -> float:
    """The mean of those that are not NaN, NaN if all are."""
    defined = scores[~np.isnan(scores)]
    return float(defined.mean()) if defined.size else np.nan
