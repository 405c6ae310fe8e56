"""IoU within bands of growing width along the boundaries.

References: Kohli et al., "Robust Higher Order Potentials for Enforcing Label Consistency", IJCV
2009, section 5.3; Chen et al., "DeepLab", 2015, section 4.3, https://arxiv.org/abs/1412.7062
"""

from collections.abc import Sequence

import numpy as np

from seg_keras.metrics.boundaries import boundary_distance
from seg_keras.metrics.confusion_matrix import ConfusionMatrix


class TrimapIou:
    """Streaming scores of the pixels near a change of the label, for several distances.

    How far the curve climbs with the distance tells how much of the error is at the boundaries.

    Args:
        num_classes: As in `ConfusionMatrix`.
        radii: Half-widths of the bands in pixels; the papers draw 1 to 40.
        ignore_label: Pixels with this label count nowhere.
        void_edges: Whether bands are drawn along the ignored label too, see `boundary_distance`;
            the papers' bands on PASCAL VOC are.
    """

    def __init__(
        self,
        num_classes: int,
        radii: Sequence[float] = (1, 2, 5, 10, 20, 40),
        ignore_label: int = 255,
        void_edges: bool = False,
    ):
        self.ignore_label = ignore_label
        self.void_edges = void_edges
        self.matrices = {radius: ConfusionMatrix(num_classes, ignore_label) for radius in radii}

    def update(self, labels: np.ndarray, classes: np.ndarray) -> None:
        """Adds one image: labels and predicted ids, each (H, W)."""
        distances = boundary_distance(labels, self.ignore_label, self.void_edges)
        for radius, matrix in self.matrices.items():
            matrix.update(labels, classes, distances <= radius)

    def merge(self, other: "TrimapIou") -> None:
        """Adds the images of another process, which must have the same radii."""
        for radius, matrix in self.matrices.items():
            matrix.merge(other.matrices[radius])

    def result(self) -> dict[float, dict]:
        """The report of `ConfusionMatrix` for each radius."""
        return {radius: matrix.result() for radius, matrix in self.matrices.items()}
