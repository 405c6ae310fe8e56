"""Weights per pixel that make a network learn the narrow gaps between touching cells.

    w(x) = w_c(x) + w0 * exp(-(d1(x) + d2(x))^2 / (2 sigma^2))

with d1 and d2 the distances of a pixel between the cells to the nearest and the second nearest one,
and w_c the weight of the pixel's class.

Reference: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, section 3, equation 2, https://arxiv.org/abs/1505.04597
"""

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from seg_keras.data.labels import IGNORE_LABEL

REACH = 6  # in sigmas: beyond, the second term is below w0 / 10^7


@dataclasses.dataclass(frozen=True)
class BorderWeights:
    """U-Net's weights from labels, to be made after everything that moves or cuts the label.

    Args:
        class_weights: One weight per class, w_c; None for 1.
        border_weight: w0, the weight where two cells touch, 10 in the paper.
        sigma: How far the second term reaches, in pixels, 5 in the paper.

    Call arguments:
        label: Training ids (H, W) in which class 0 lies between the cells.
        instances: Number of the cell of each pixel (H, W), 0 between the cells. Where it is None,
            the connected pixels of a class are a cell.

    Returns:
        float32 (H, W), 0 for ignored pixels.
    """

    class_weights: Sequence[float] | None = None
    border_weight: float = 10.0
    sigma: float = 5.0

    def __call__(self, label: np.ndarray, instances: np.ndarray | None = None) -> np.ndarray:
        if instances is None:
            instances = connected_cells(label)
        table = np.zeros(IGNORE_LABEL + 1, "float32")
        table[:IGNORE_LABEL] = 1.0
        if self.class_weights is not None:
            table[: len(self.class_weights)] = self.class_weights
        borders = border_weights(instances, self.border_weight, self.sigma)
        return table[label] + np.where(label == IGNORE_LABEL, np.float32(0), borders)


def border_weights(
    instances: np.ndarray, border_weight: float = 10.0, sigma: float = 5.0
) -> np.ndarray:
    """The second term of the formula, 0 inside of the cells and where there are less than two.

    Args:
        instances: Number of the cell of each pixel (H, W), 0 between the cells.
        border_weight: w0.
        sigma: In pixels.

    Returns:
        float32 (H, W), from 0 to `border_weight`.
    """
    reach = int(np.ceil(REACH * sigma))
    nearest = np.full(instances.shape, np.inf, "float32")
    second = nearest.copy()
    for number, (rows, columns) in _boxes(instances).items():
        # A cell tells nothing beyond the reach, so its distances are measured around it only.
        rows = slice(max(0, rows.start - reach), rows.stop + reach)
        columns = slice(max(0, columns.start - reach), columns.stop + reach)
        elsewhere = (instances[rows, columns] != number).astype("uint8")
        distance = cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        first, other = nearest[rows, columns], second[rows, columns]
        np.minimum(other, np.maximum(first, distance), out=other)
        np.minimum(first, distance, out=first)
    weights = border_weight * np.exp(-((nearest + second) ** 2) / (2 * sigma**2))
    return np.where(instances == 0, weights, 0).astype("float32")


def _boxes(instances: np.ndarray) -> dict[int, tuple[slice, slice]]:
    """The rows and columns that each cell lies in."""
    places = np.nonzero(instances)
    numbers = instances[places].astype("int64")
    bounds = []
    for coordinates in places:
        first = np.full(instances.max() + 1, np.iinfo("int64").max)
        last = np.full(instances.max() + 1, -1)
        np.minimum.at(first, numbers, coordinates)
        np.maximum.at(last, numbers, coordinates)
        bounds.append((first, last + 1))
    (top, bottom), (left, right) = bounds
    return {
        number: (slice(top[number], bottom[number]), slice(left[number], right[number]))
        for number in np.flatnonzero(bottom).tolist()
    }


def connected_cells(label: np.ndarray) -> np.ndarray:
    """Numbers the connected pixels of every class but 0 and the ignored, int32 (H, W).

    Pixels that only touch at a corner are not connected: what separates cells may be as thin.
    """
    cells = np.zeros(label.shape, "int32")
    for index in np.unique(label):
        if index not in (0, IGNORE_LABEL):
            of_class = (label == index).astype("uint8")
            _, numbers = cv2.connectedComponents(of_class, connectivity=4)
            cells = np.where(numbers > 0, numbers + cells.max(), cells)
    return cells
