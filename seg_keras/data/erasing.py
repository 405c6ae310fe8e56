"""Hiding parts of a training image, so that a network learns to look around them.

The labels stay: what is hidden has to be inferred from what is near it.

References: DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with
Cutout", 2017, https://arxiv.org/abs/1708.04552; Chen et al., "GridMask Data Augmentation", 2020,
https://arxiv.org/abs/2001.04086
"""

import numpy as np


def cut_out(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blackens one rectangle of 1/8 to 1/3 of each side, partly outside where it so falls.

    Args:
        image: float32 (H, W, C), or frames (T, H, W, C), which all lose the same part.
        rng: Decides where.
    """
    parts = []
    for extent in image.shape[-3:-1]:
        length = max(1, round(extent * rng.uniform(1 / 8, 1 / 3)))
        start = int(rng.integers(extent)) - length // 2
        parts.append(slice(max(0, start), start + length))
    image = image.copy()
    image[..., parts[0], parts[1], :] = 0
    return image


def grid_mask(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blackens the squares of a lattice, a quarter of the image, at a random period and phase.

    Args:
        image: float32 (H, W, C), or frames (T, H, W, C), which all lose the same parts.
        rng: Decides period, from 1/8 to 1/2 of the shorter side, and phase.
    """
    sides = image.shape[-3:-1]
    period = max(2, round(min(sides) * rng.uniform(1 / 8, 1 / 2)))
    hidden = []
    for extent in sides:
        phase = int(rng.integers(period))
        hidden.append((np.arange(extent) + phase) % period < period // 2)
    kept = ~(hidden[0][:, None] & hidden[1][None, :])
    return image * kept[..., None].astype("float32")
