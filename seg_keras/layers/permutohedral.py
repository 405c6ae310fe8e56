"""Gaussian filtering in many dimensions: pixels are spread on a lattice, blurred there, read back.

The cost grows with the number of pixels, not with its square as the exact sum's does. The lattice
of an image is built once and then filters any number of channels; spreading and reading are
products with one sparse matrix.

Reference: Adams, Baek and Davis, "Fast High-Dimensional Filtering Using the Permutohedral
Lattice", Eurographics 2010, https://doi.org/10.1111/j.1467-8659.2009.01645.x
"""

import numpy as np
from scipy import sparse


class PermutohedralLattice:
    """Sums values over all points, weighted by K_ij = exp(-|f_i - f_j|^2 / 2).

    Args:
        features: (N, d) positions of the points, divided by the widths of the Gaussian. The order
            of the columns turns the lattice, and with it what the approximation leaves over.
        normalize: Whether to weight by D^-1/2 K D^-1/2 instead, with D the sums of K's rows.

    Raises:
        ValueError: If the features are not finite, or spread over too many widths.
    """

    def __init__(self, features: np.ndarray, normalize: bool = False):
        if features.ndim != 2 or not np.isfinite(features).all():
            raise ValueError(
                f"Expected finite features (points, dimensions), got shape {features.shape}."
            )
        num_points, dimensions = features.shape
        base, rank, weights = _enclosing_simplex(np.asarray(features, "float64"))
        radix = _radix(base)
        codes, vertex = np.unique(_corner_codes(base, rank, radix), return_inverse=True)
        self._blurs = [_blur(codes, -radix.sum() + (dimensions + 1) * step) for step in radix]
        ends = np.arange(0, weights.size + 1, dimensions + 1)
        shape = (num_points, len(codes))
        self._weights = sparse.csr_array((weights.ravel(), vertex.ravel(), ends), shape)
        # The blur's own gain, so that the kernel is 1 at distance 0 (as the authors' code has it).
        self._gain = np.float32(1 / (1 + 2.0**-dimensions))
        if normalize:
            sums = self.filter(np.ones((num_points, 1)))
            self._weights.data *= np.repeat(1 / np.sqrt(sums + 1e-20), dimensions + 1)

    def filter(self, values: np.ndarray) -> np.ndarray:
        """Values (N, C) to their weighted sums, float32 (N, C)."""
        lattice = self._weights.T @ np.asarray(values, "float32")
        for blur in self._blurs:
            lattice = blur @ lattice
        return self._weights @ (self._gain * lattice)


def _enclosing_simplex(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lattice points around each point.

    Returns:
        The corner with remainder 0 as integers (N, d+1), the rank of each of its coordinates
        among the point's remainders (N, d+1), and the weights of all corners float32 (N, d+1).
    """
    size = features.shape[1] + 1
    elevated = _elevate(features)

    # The nearest point whose coordinates all divide by d + 1 (remainder 0).
    base = np.round(elevated / size) * size
    excess = np.round(base.sum(axis=1) / size).astype(int)[:, None]
    order = np.argsort(base - elevated, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(size)[None], axis=1)
    rank += excess  # coordinates that must change for the sum to be zero again
    change = size * ((rank < 0).astype(int) - (rank >= size))
    base += change
    rank += change

    # Barycentric coordinates: differences of the sorted remainders.
    descending = np.empty_like(elevated)
    np.put_along_axis(descending, rank, (elevated - base) / size, axis=1)
    weights = np.empty_like(descending)
    weights[:, 0] = 1 - (descending[:, 0] - descending[:, -1])
    weights[:, 1:] = (descending[:, :-1] - descending[:, 1:])[:, ::-1]
    return base.astype(int), rank, weights.astype("float32")


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


def _radix(base: np.ndarray) -> np.ndarray:
    """Factors (d+1) that make one number of a lattice point, distinct for all near the bases.

    The last coordinate follows from the others: its factor is 0.
    """
    dimensions = base.shape[1] - 1
    # Corners and their neighbours are less than 2 (d + 1) off their base in every coordinate.
    spans = np.ptp(base[:, :-1], axis=0) + 4 * (dimensions + 1)
    if np.prod(spans.astype("float64")) >= 2**62:
        raise ValueError(
            "The features spread over too many widths of the Gaussian. Give wider kernels."
        )
    return np.append(np.cumprod(np.append(1, spans[:-1])), 0)


def _corner_codes(base: np.ndarray, rank: np.ndarray, radix: np.ndarray) -> np.ndarray:
    """One number for each corner of the simplices, by ascending remainder: (N, d+1)."""
    size = base.shape[1]
    codes = np.empty_like(base)
    codes[:, 0] = (base - base.min(axis=0)) @ radix
    # From one corner to the next every coordinate grows by 1, and one falls by d + 1: the one
    # of the highest rank first.
    falls = np.empty_like(base)
    np.put_along_axis(falls, size - 1 - rank, size * np.broadcast_to(radix, base.shape), axis=1)
    codes[:, 1:] = radix.sum() - falls[:, :-1]
    return np.cumsum(codes, axis=1)


def _blur(codes: np.ndarray, shift: int) -> sparse.csr_array:
    """The filter (1/2, 1, 1/2) along one direction, over those points of the lattice in use."""
    wanted = codes + shift
    upper = np.searchsorted(codes, wanted)
    upper[upper == len(codes)] = 0
    lower = np.flatnonzero(codes[upper] == wanted)
    upper = upper[lower]
    half = sparse.coo_array((np.full(len(lower), 0.5, "float32"), (lower, upper)), 2 * codes.shape)
    return (sparse.eye_array(len(codes), dtype="float32") + half + half.T).tocsr()
