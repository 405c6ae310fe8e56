"""Windows cover every pixel, overlaps are averaged, and memory does not grow with the height."""

import numpy as np
import pytest

from seg_keras.inference.sliding_window import slide, window_starts


# Sizes: one window, exactly two, a remainder, nearly everything overlapping, none overlapping.
@pytest.mark.parametrize("length", [8, 16, 17, 37, 100])
@pytest.mark.parametrize("overlap", [0.0, 1 / 3, 0.5, 0.9])
def test_windows_cover_the_side_with_at_least_the_overlap_asked_for(length, overlap):
    starts = window_starts(length, 8, overlap)
    assert starts[0] == 0
    assert starts[-1] + 8 == length
    assert max(np.diff(starts), default=0) <= max(1, round(8 * (1 - overlap)))


def test_overlapping_scores_are_averaged_exactly():
    """Each window scores its pixels by its own mean, so windows disagree where they overlap."""
    image = np.random.default_rng(0).integers(0, 256, (29, 37, 3)).astype("uint8")
    total, count = np.zeros((29, 37, 2)), np.zeros((29, 37, 1))

    def score(window):
        return np.full((*window.shape[:2], 2), [window.mean(), -window.mean()])

    for top in window_starts(29, 8, 0.5):
        for left in window_starts(37, 16, 0.5):
            part = np.s_[top : top + 8, left : left + 16]
            total[part] += score(image[part])
            count[part] += 1
    scores = np.concatenate(list(slide(image, score, (8, 16), overlap=0.5)))
    np.testing.assert_allclose(scores, total / count, rtol=1e-5)


def test_rows_leave_as_they_are_finished():
    windows_seen = []

    def score(window):
        windows_seen.append(window)
        return np.zeros((*window.shape[:2], 4))

    bands = slide(np.zeros((800, 10, 3), "uint8"), score, (16, 10), overlap=0.5)
    first = next(bands)
    assert len(windows_seen) == 1  # a tall image is not scored as a whole before rows come
    sizes = [len(first), *(len(band) for band in bands)]
    assert max(sizes) <= 16
    assert sum(sizes) == 800


def test_progress_is_told_after_every_window():
    told = []
    image, size = np.zeros((24, 24, 3), "uint8"), (8, 8)
    list(slide(image, lambda window: window, size, 0.0, lambda *step: told.append(step)))
    assert told == [(done, 9) for done in range(1, 10)]
