"""Where classes meet in a label map, and how far every pixel is from there.

Reference: Kohli et al., "Robust Higher Order Potentials for Enforcing Label Consistency", IJCV
2009, section 5.3 (the band along the boundaries, called trimap there).
"""

import cv2
import numpy as np


def boundary_pixels(ids: np.ndarray, void: int | None = None) -> np.ndarray:
    """Finds the pixels with another id above, below, left or right of them.

    Args:
        ids: Label map (H, W), integer. The border of the image is no boundary.
        void: An id whose border is no boundary either; None if there is none.

    Returns:
        bool (H, W): a line one pixel wide on either side of a boundary.
    """
    found = np.zeros(ids.shape, bool)
    for here, there in _neighbours():
        changes = ids[here] != ids[there]
        if void is not None:
            changes &= (ids[here] != void) & (ids[there] != void)
        found[here] |= changes
        found[there] |= changes
    return found


def touching(ids: np.ndarray, value: int) -> np.ndarray:
    """Finds the pixels of an id, and those next to them: bool (H, W)."""
    equal = ids == value
    found = equal.copy()
    for here, there in _neighbours():
        found[here] |= equal[there]
        found[there] |= equal[here]
    return found


def _neighbours():
    """Two pairs of slices: pixels and their lower, pixels and their right neighbours."""
    rows, columns = np.s_[:-1, :], np.s_[:, :-1]
    return (rows, np.s_[1:, :]), (columns, np.s_[:, 1:])


def distance_to(pixels: np.ndarray) -> np.ndarray:
    """Euclidean distance of each pixel to the nearest of some pixels, all (H, W).

    Args:
        pixels: bool.

    Returns:
        float32, exact to rounding; 0 at the pixels, infinite where there are none at all.
    """
    if not pixels.any():
        return np.full(pixels.shape, np.inf, "float32")
    background = np.logical_not(pixels).view(np.uint8)
    return cv2.distanceTransform(background, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def boundary_distance(
    labels: np.ndarray, ignore_label: int = 255, void_edges: bool = False
) -> np.ndarray:
    """How far each pixel is from the nearest change of the label.

    Args:
        labels: Label map (H, W), integer.
        ignore_label: Label of the pixels that do not count.
        void_edges: Whether a change to the ignored label is one too. Yes for PASCAL VOC, whose
            objects are all outlined with it; else the edge of what nobody labelled is no edge.

    Returns:
        float32 (H, W) in pixels: 1 next to a change, on both sides; infinite without a change.
    """
    return distance_to(boundary_pixels(labels, None if void_edges else ignore_label)) + 1


def boundary_band(
    labels: np.ndarray, radius: float, ignore_label: int = 255, void_edges: bool = False
) -> np.ndarray:
    """The pixels within `radius` pixels of a change of the label.

    As `weights` of `ConfusionMatrix.update` it scores the band alone, its complement all but the
    band, and `1 + band` counts the band's pixels twice.

    Args:
        labels, ignore_label, void_edges: As in `boundary_distance`.
        radius: In pixels; 1 takes the pixels next to a change, on both sides.

    Returns:
        bool (H, W).
    """
    return boundary_distance(labels, ignore_label, void_edges) <= radius
