"""Elastic deformation: tissue is soft, so a network for it should not mind being bent.

Random displacements at the 3x3 points of a coarse grid, N(0, 10 px) in the paper, are interpolated
bicubically to every pixel.

Reference: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, section 3.1, https://arxiv.org/abs/1505.04597; Keys, "Cubic convolution interpolation
for digital image processing", 1981, for the kernel.
"""

import numpy as np

GRID = 3  # control points a side


def draw_displacements(deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Random displacements of the control points, (2, 3, 3): down, then right, in pixels."""
    return rng.normal(0.0, deviation, (2, GRID, GRID))


def dense_field(displacements: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Interpolates displacements to a lattice of points.

    Args:
        displacements: (2, 3, 3). The control points are the corners, the middles of the sides and
            the centre.
        rows: Heights of the points (h,), 0 at the first row of control points and 1 at the last;
            points beyond continue as the border does.
        columns: The same from left to right, (w,).

    Returns:
        float32 (2, h, w) in the unit of `displacements`.
    """
    above, beside = (cubic_weights(places).astype("float32") for places in (rows, columns))
    # One direction after the other: NumPy multiplies stacks of matrices slowly.
    return np.stack([above @ grid.astype("float32") @ beside.T for grid in displacements])


def cubic_weights(positions: np.ndarray) -> np.ndarray:
    """How much each control point counts at some positions from 0 to 1: (n,) to (n, 3)."""
    scaled = np.clip(positions, 0.0, 1.0) * (GRID - 1)
    first = np.floor(scaled).astype(int)
    weights = np.zeros((len(scaled), GRID))
    for neighbour in range(-1, 3):  # the kernel reaches over four points
        # Beyond the grid its border is repeated.
        point = np.clip(first + neighbour, 0, GRID - 1)
        np.add.at(weights, (np.arange(len(scaled)), point), keys(scaled - first - neighbour))
    return weights


def keys(distances: np.ndarray) -> np.ndarray:
    """The kernel of cubic convolution with a = -1/2."""
    x = np.abs(distances)
    near = (1.5 * x - 2.5) * x**2 + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
