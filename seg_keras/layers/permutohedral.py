"""Gaussian filtering in many dimensions: pixels are spread on a lattice, blurred there, read back.

The cost grows with the number of pixels, not with its square as the exact sum's does. Plain NumPy:
the lattice of an image is built once and then filters any number of channels.

Reference: Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral
Lattice", Eurographics 2010, https://doi.org/10.1111/j.1467-8659.2009.01645.x
"""

import numpy as np


class PermutohedralLattice:
    """Sums values over all points, weighted by exp(-|f_i - f_j|^2 / 2).

    Args:
        features: (N, d) positions of the points, divided by the widths of the Gaussian.

    Raises:
        ValueError: If the features are not finite, or spread over too many widths.
    """

    def __init__(self, features: np.ndarray):
        if features.ndim != 2 or not np.isfinite(features).all():
            raise ValueError(
                f"Expected finite features (points, dimensions), got shape {features.shape}."
            )
        self._num_points, dimensions = features.shape
        corners, self._weights = _enclosing_simplex(features)
        self._build(corners.reshape(-1, dimensions))
        # The blur's own gain, so that the kernel is 1 at distance 0 (as the authors' code has it).
        self._gain = np.float32(1 / (1 + 2.0**-dimensions))

    def filter(self, values: np.ndarray) -> np.ndarray:
        """Values (N, C) to their weighted sums, float32 (N, C)."""
        values = np.asarray(values, "float32")
        spread = values[self._points_in_order] * self._weights_in_order
        lattice = np.add.reduceat(spread, self._starts, axis=0)
        for low, high in self._neighbours:
            from_high, from_low = 0.5 * lattice[high], 0.5 * lattice[low]
            lattice[low] += from_high
            lattice[high] += from_low
        result = np.zeros_like(values)
        for corner in range(self._weights.shape[1]):
            result += lattice[self._corner_of[:, corner]] * self._weights[:, corner, None]
        return result * self._gain

    def _build(self, keys: np.ndarray) -> None:
        """Numbers the lattice points in use and finds their neighbours in each direction."""
        dimensions = keys.shape[1]
        lowest = keys.min(axis=0) - dimensions - 1
        spans = keys.max(axis=0) + dimensions + 2 - lowest
        if np.prod(spans.astype("float64")) >= 2**62:
            raise ValueError(
                "The features spread over too many widths of the Gaussian. Give wider kernels."
            )
        radix = np.append(np.cumprod(spans[:0:-1])[::-1], 1)

        codes, self._corner_of = np.unique((keys - lowest) @ radix, return_inverse=True)
        self._corner_of = self._corner_of.reshape(self._num_points, -1)
        order = np.argsort(self._corner_of, axis=None, kind="stable")
        self._points_in_order = order // (dimensions + 1)
        self._weights_in_order = self._weights.reshape(-1, 1)[order]
        self._starts = np.searchsorted(self._corner_of.reshape(-1)[order], np.arange(len(codes)))

        self._neighbours = []
        for axis in range(dimensions + 1):
            step = np.full(dimensions, -1)
            if axis < dimensions:
                step[axis] = dimensions
            self._neighbours.append(_pairs(codes, step @ radix))


def _pairs(codes: np.ndarray, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of all pairs of sorted codes that are `shift` apart, the first ones ascending.

    No index comes twice on a side, and only points in use are paired: most lack neighbours.
    """
    wanted = codes + shift
    index = np.searchsorted(codes, wanted)
    index[index == len(codes)] = 0
    found = np.flatnonzero(codes[index] == wanted)
    return found, index[found]


def _enclosing_simplex(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lattice points around each point: keys (N, d+1, d) and weights float32 (N, d+1)."""
    dimensions = features.shape[1]
    size = dimensions + 1
    elevated = _elevate(np.asarray(features, "float64"))

    # The nearest point whose coordinates all divide by d + 1 (remainder 0).
    base = np.round(elevated / size) * size
    excess = np.round(base.sum(axis=1) / size).astype(int)[:, None]
    order = np.argsort(base - elevated, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(size)[None], axis=1)
    rank += excess  # coordinates that must change for the sum to be zero again
    too_low, too_high = rank < 0, rank > dimensions
    base += size * (too_low.astype(int) - too_high)
    rank += size * (too_low.astype(int) - too_high)

    # Barycentric coordinates: differences of the sorted remainders.
    remainder = (elevated - base) / size
    descending = np.take_along_axis(remainder, np.argsort(rank, axis=1), axis=1)
    weights = np.empty_like(descending)
    weights[:, 0] = 1 - (descending[:, 0] - descending[:, -1])
    weights[:, 1:] = (descending[:, :-1] - descending[:, 1:])[:, ::-1]

    canonical = np.arange(size)[:, None] - size * (
        np.arange(size)[None] > dimensions - np.arange(size)[:, None]
    )  # (remainder, rank)
    keys = base[:, None, :-1].astype(int) + canonical[:, rank[:, :-1]].transpose(1, 0, 2)
    return keys, weights.astype("float32")


def _elevate(features: np.ndarray) -> np.ndarray:
    """Maps (N, d) to the plane of (N, d+1) whose coordinates sum to zero."""
    dimensions = features.shape[1]
    axis = np.arange(1, dimensions + 1)
    # Widths of 1 become those of the lattice's own blur.
    scaled = features * (np.sqrt(2 / 3) * (dimensions + 1) / np.sqrt(axis * (axis + 1)))
    elevated = np.zeros((len(features), dimensions + 1))
    elevated[:, :-1] = np.cumsum(scaled[:, ::-1], axis=1)[:, ::-1]
    elevated[:, 1:] -= axis * scaled
    return elevated
