"""Mosaic: four crops of different images side by side, so that one sample holds more scenes.

Reference: Bochkovskiy et al., "YOLOv4: Optimal Speed and Accuracy of Object Detection", 2020,
section 3.3, https://arxiv.org/abs/2004.10934
"""

from collections.abc import Sequence

import numpy as np

NEAREST_TO_SIDE = 0.25  # share of the crop that the smallest part keeps of each side

Size = tuple[int, int]


def draw_parts(crop_size: Size, rng: np.random.Generator) -> list[Size]:
    """(height, width) of the parts top left, top right, bottom left, bottom right of a crop."""
    share = rng.uniform(NEAREST_TO_SIDE, 1 - NEAREST_TO_SIDE, 2)
    top, left = (max(1, round(n * s)) for n, s in zip(crop_size, share, strict=True))
    heights, widths = (top, crop_size[0] - top), (left, crop_size[1] - left)
    return [(height, width) for height in heights for width in widths]


def join_parts(parts: Sequence[np.ndarray], row_axis: int) -> np.ndarray:
    """Puts four parts together in the order of `draw_parts`.

    Args:
        parts: Labels (..., h, w) or images (..., h, w, C) of the sizes that were drawn.
        row_axis: Which axis counts rows: -2 of labels, -3 of images.
    """
    top, bottom = (np.concatenate(parts[i : i + 2], axis=row_axis + 1) for i in (0, 2))
    return np.concatenate([top, bottom], axis=row_axis)
