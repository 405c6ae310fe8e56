"""Overlap-tile: an image of any size by a model whose logits are smaller than what it sees.

Tiles of the image overlap as far as the model's margin, so that their logits fit together without
gap or seam; what would lie outside of the image is its own mirror image. Finished rows leave at
once: the memory for scores is one row of tiles, whatever the height of the image.

Reference: Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation",
MICCAI 2015, section 1 and figure 2, https://arxiv.org/abs/1505.04597
"""

from collections.abc import Callable, Iterator

import numpy as np

Score = Callable[[np.ndarray], np.ndarray]
Progress = Callable[[int, int], None]

# Pixels after which a U-Net's four poolings start over. Tiles that are moved by a multiple of it
# pool the same pixels together as the whole image does, so their logits are the same ones.
PERIOD = 16


def overlap_tile(
    image: np.ndarray,
    score: Score,
    tile_size: tuple[int, int],
    margin: tuple[int, int],
    progress: Progress | None = None,
) -> Iterator[np.ndarray]:
    """Scores an image tile by tile and yields its rows from top to bottom as they are finished.

    Args:
        image: (H, W, ...) of any size.
        score: From a tile (*tile_size, ...) to scores (h, w, C) of what is inside of its margin.
        tile_size: Height and width of a tile in pixels. Scores are those that the image would get
            as a whole if at least 16 pixels of each side are inside of the margin.
        margin: Rows and columns at each side of a tile that only give context.
        progress: Called after each tile with the number of tiles done and of all tiles.

    Yields:
        float32 (rows, W, C): the scores of the next rows of the image.
    """
    size = image.shape[:2]
    inner = [extent - 2 * side for extent, side in zip(tile_size, margin, strict=True)]
    steps = [extent // PERIOD * PERIOD or extent for extent in inner]
    tops, lefts = (range(0, extent, step) for extent, step in zip(size, steps, strict=True))
    done, total = 0, len(tops) * len(lefts)
    for top in tops:
        rows, band = mirrored(top - margin[0], tile_size[0], size[0]), []
        for left in lefts:
            columns = mirrored(left - margin[1], tile_size[1], size[1])
            scores = score(image[rows[:, np.newaxis], columns])
            band.append(scores[: steps[0], : steps[1]])
            done += 1
            if progress:
                progress(done, total)
        yield np.concatenate(band, axis=1)[: size[0] - top, : size[1]]


def mirrored(start: int, count: int, extent: int) -> np.ndarray:
    """Indices of `count` pixels from `start` on, mirrored at both ends of a side again and again.

    The outermost pixels are not repeated, as in NumPy's and OpenCV's "reflect" modes.
    """
    period = max(1, 2 * (extent - 1))
    indices = np.arange(start, start + count) % period
    return np.where(indices < extent, indices, period - indices)
