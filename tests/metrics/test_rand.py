"""Rand error against its definition on all pairs of pixels, and against scikit-image."""

import numpy as np
import pytest

from seg_keras.metrics import RandError, cells, fill_borders, rand_scores


def scores_of_all_pairs(labels, segments):
    """Every ordered pair of pixels inside of true cells, a pixel with itself too."""
    inside = labels.ravel() != 0
    true = labels.ravel()[inside][:, None] == labels.ravel()[inside]
    predicted = segments.ravel()[inside][:, None] == segments.ravel()[inside]
    both = (true & predicted).sum()
    return both / predicted.sum(), both / true.sum()


@pytest.fixture
def maps(rng):
    labels = np.kron(rng.integers(0, 4, (4, 5)), np.ones((4, 3), int))
    return labels, np.roll(labels, 1, 0) * rng.integers(1, 3, labels.shape)


def test_scores_count_all_pairs_of_pixels(maps):
    precision, recall = scores_of_all_pairs(*maps)
    scores = rand_scores(*maps)
    assert scores["rand_precision"] == pytest.approx(precision)
    assert scores["rand_recall"] == pytest.approx(recall)
    f1 = 2 * precision * recall / (precision + recall)
    assert scores["rand_error"] == pytest.approx(1 - f1)


def test_scores_are_those_of_scikit_image_but_for_a_pixel_with_itself(rng):
    """It has precision and recall the other way round than its own docstring says."""
    metrics = pytest.importorskip("skimage.metrics")
    labels = np.kron(rng.integers(0, 9, (5, 6)), np.ones((30, 20), int))
    segments = np.roll(labels, 11, 1)
    error, recall, precision = metrics.adapted_rand_error(labels, segments)
    expected = {"rand_error": error, "rand_precision": precision, "rand_recall": recall}
    assert rand_scores(labels, segments) == pytest.approx(expected, abs=1e-3)


def test_merged_cells_lower_precision_and_split_cells_recall():
    labels = np.array([[1, 1, 0, 2, 2]])
    assert rand_scores(labels, np.array([[1, 1, 1, 1, 1]])) == {
        "rand_error": pytest.approx(1 / 3), "rand_precision": 0.5, "rand_recall": 1.0
    }  # fmt: skip
    split = rand_scores(labels, np.array([[1, 3, 0, 2, 2]]))
    assert (split["rand_precision"], split["rand_recall"]) == (1.0, 0.75)


def test_names_of_cells_do_not_matter_and_nothing_costs_nothing():
    labels = np.array([[1, 1, 0, 2, 2]])
    assert rand_scores(labels, np.array([[7, 7, 0, 3, 3]]))["rand_error"] == 0
    assert rand_scores(np.zeros((2, 3), int), np.ones((2, 3), int))["rand_error"] == 0


def test_maps_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\).*\(5, 4\)"):
        rand_scores(np.zeros((4, 5)), np.zeros((5, 4)))


def test_cells_are_connected_by_edges_and_not_by_corners():
    mask = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 0]], bool)
    numbered = cells(mask)
    np.testing.assert_array_equal(numbered > 0, mask)
    assert numbered.max() == 2
    assert numbered[0, 0] not in numbered[mask][1:]


def test_gap_in_a_membrane_joins_two_cells():
    labels = np.ones((9, 9), int)
    labels[:, 4] = 0
    labels[:, 5:] = 2
    closed = labels > 0
    assert rand_scores(labels, cells(closed))["rand_error"] == 0
    closed[3, 4] = True
    assert rand_scores(labels, cells(closed))["rand_error"] == pytest.approx(1 / 3)


def test_filled_borders_have_no_width(rng):
    segments = np.zeros((7, 12), "int32")
    segments[1:3, 1:4], segments[4:6, 8:11] = 1, 2
    filled = fill_borders(segments)
    distances = [
        np.min([np.hypot(*(np.indices(segments.shape) - np.array(p)[:, None, None]))
                for p in np.argwhere(segments == cell)], axis=0)
        for cell in (1, 2)
    ]  # fmt: skip
    clear = np.abs(distances[0] - distances[1]) > 0.5
    np.testing.assert_array_equal(filled[clear], np.where(distances[0] < distances[1], 1, 2)[clear])
    assert not fill_borders(np.zeros((3, 4), "int32")).any()


@pytest.fixture
def two_cells():
    """Labels of two cells with a membrane between them, and predictions with a gap in it."""
    labels = np.ones((9, 9), "uint8")
    labels[:, 4] = 0
    classes = labels.copy()
    classes[3, 4] = 1
    return labels, classes


def test_data_set_has_the_mean_of_its_images_that_have_cells(two_cells):
    labels, classes = two_cells
    rand, other = RandError(), RandError()
    rand.update(labels, classes)  # both cells become one: precision 1/2, recall 1
    rand.update(labels * 0, classes)
    other.update(labels, labels)
    rand.merge(other)
    scores = rand.result()
    assert scores["rand_error"] == pytest.approx((1 / 3 + 0) / 2)
    assert scores["rand_precision"] == pytest.approx((1 / 2 + 1) / 2)
    assert scores["rand_recall"] == 1
    assert "mean of images" in scores["rand_convention"]
    assert RandError().result()["rand_error"] is None


def test_width_of_predicted_borders_and_ignored_pixels_do_not_count(two_cells):
    labels, classes = two_cells
    wide, rand = labels.copy(), RandError()
    wide[:, 3:6] = 0
    rand.update(labels, wide)
    assert rand.result()["rand_error"] == 0
    labels[:, 5:] = 255  # one cell is left, and that one is whole
    rand.update(labels, classes)
    assert rand.result()["rand_error"] == 0


def test_touching_cells_are_told_apart_by_their_instances(two_cells):
    _, classes = two_cells
    labels = np.ones((9, 9), "uint8")
    instances = np.repeat([[1, 1, 1, 2, 2, 2, 2, 2, 2]], 9, 0)
    joined, told_apart = RandError(), RandError()
    joined.update(labels, labels)
    told_apart.update(labels, labels, instances)
    assert joined.result()["rand_error"] == 0
    assert told_apart.result()["rand_precision"] == pytest.approx((3**2 + 6**2) / 9**2)
