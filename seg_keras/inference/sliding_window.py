"""Sliding window: an image larger than the model is seen in overlapping windows, at full detail.

Where windows overlap their scores are averaged, so that a pixel near the border of one window
also has the opinion of a window that sees what lies behind the border. Finished rows leave at
once: the memory for scores is one row of windows, whatever the height of the image.

Reference: Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017, section 5 (test time crops).
"""

from collections.abc import Callable, Iterator

import numpy as np

Score = Callable[[np.ndarray], np.ndarray]
Progress = Callable[[int, int], None]


def slide(
    image: np.ndarray,
    score: Score,
    window_size: tuple[int, int],
    overlap: float,
    progress: Progress | None = None,
) -> Iterator[np.ndarray]:
    """Scores an image in windows and yields its rows from top to bottom as they are finished.

    Args:
        image: (H, W, ...), neither side smaller than the window.
        score: From a window (h, w, ...) to its scores (h, w, C).
        window_size: Height and width of a window in pixels.
        overlap: Share of a window's side that its neighbour covers too, from 0 to below 1. Windows
            are spread evenly, so the share may be larger.
        progress: Called after each window with the number of windows done and of all windows.

    Yields:
        float32 (rows, W, C): the averaged scores of the next rows of the image.
    """
    height, width = window_size
    tops = window_starts(image.shape[0], height, overlap)
    lefts = window_starts(image.shape[1], width, overlap)
    done, total = 0, len(tops) * len(lefts)
    for index, top in enumerate(tops):
        for left in lefts:
            scores = score(image[top : top + height, left : left + width])
            if done == 0:
                # Rows [top, top + height) of the image: sum of scores, and of how many windows.
                band = np.zeros((height, image.shape[1], scores.shape[-1]), "float32")
                count = np.zeros((height, image.shape[1], 1), "float32")
            band[:, left : left + width] += scores
            count[:, left : left + width] += 1
            done += 1
            if progress:
                progress(done, total)
        finished = tops[index + 1] - top if index + 1 < len(tops) else height
        yield band[:finished] / count[:finished]
        band, count = _scroll(band, finished), _scroll(count, finished)


def window_starts(length: int, window: int, overlap: float) -> list[int]:
    """Spreads windows evenly over a side, the first at 0 and the last flush with the end."""
    stride = max(1, round(window * (1 - overlap)))
    count = 1 + -(-(length - window) // stride)  # rounded up
    return np.linspace(0, length - window, count).round().astype(int).tolist()


def _scroll(band: np.ndarray, rows: int) -> np.ndarray:
    """Drops the first rows of a band and appends as many zeros, in place."""
    kept = len(band) - rows
    band[:kept] = band[rows:]
    band[kept:] = 0
    return band
