"""Boundaries, their bands, and the scores along them, against SciPy's distances and loops."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from benchmarks.metrics import boundary_work, medians
from seg_keras.metrics import (
    BoundaryF1,
    ConfusionMatrix,
    TrimapIou,
    boundary_band,
    boundary_distance,
    boundary_f1,
    mean_boundary_f1,
)


def blocks(rng, size=(31, 45), num_classes=4, cell=5):
    """A label map of squares, cut to an odd size."""
    cells = rng.integers(0, num_classes, (size[0] // cell + 1, size[1] // cell + 1))
    return np.kron(cells, np.ones((cell, cell), int))[: size[0], : size[1]].astype("uint8")


@pytest.fixture
def maps(rng):
    """Labels (31, 45) with a void corner and strip, and predictions moved by two pixels."""
    labels = blocks(rng)
    classes = np.roll(labels, (1, 2), (0, 1))
    labels[:7, :9] = 255
    labels[20:22] = 255
    return labels, classes


def neighbours(ids, i, j):
    for y, x in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
        if 0 <= y < ids.shape[0] and 0 <= x < ids.shape[1]:
            yield ids[y, x]


def edges_by_loop(ids, void_edges):
    edges = np.zeros(ids.shape, bool)
    for i, j in np.ndindex(ids.shape):
        for other in neighbours(ids, i, j):
            edges[i, j] |= other != ids[i, j] and (void_edges or 255 not in (other, ids[i, j]))
    return edges


def f1_by_distances(labels, classes, num_classes, radius):
    """Boundary F1 of each class with SciPy's exact distances."""
    classes = np.where(labels == 255, 255, classes)
    sets = np.zeros((2, num_classes, *labels.shape), bool)
    for number, ids in enumerate((labels, classes)):
        for i, j in np.ndindex(ids.shape):
            around = set(neighbours(ids, i, j)) - {ids[i, j]}
            if ids[i, j] != 255 and around and 255 not in neighbours(labels, i, j):
                sets[number, ids[i, j], i, j] = True
    scores = []
    for true, predicted in zip(*sets, strict=True):
        if not true.any() or not predicted.any():
            scores.append(0.0 if true.any() or predicted.any() else np.nan)
            continue
        precision = (distance_transform_edt(~true)[predicted] <= radius).mean()
        recall = (distance_transform_edt(~predicted)[true] <= radius).mean()
        total = precision + recall
        scores.append(2 * precision * recall / total if total else 0.0)
    return scores


@pytest.mark.parametrize("void_edges", [False, True])
def test_distance_is_that_to_the_nearest_pixel_at_a_change(maps, void_edges):
    expected = distance_transform_edt(~edges_by_loop(maps[0], void_edges)) + 1
    distances = boundary_distance(maps[0], void_edges=void_edges)
    np.testing.assert_allclose(distances, expected, rtol=1e-5)


def test_band_of_one_pixel_is_what_touches_a_change():
    labels = np.array([[0, 0, 0, 1, 1, 1]])
    np.testing.assert_array_equal(boundary_band(labels, 1), [[0, 0, 1, 1, 0, 0]])
    np.testing.assert_array_equal(boundary_band(labels, 2), [[0, 1, 1, 1, 1, 0]])


@pytest.mark.parametrize("value", [3, 255])
def test_without_a_change_there_is_no_band(value):
    assert not boundary_band(np.full((5, 7), value), 1000).any()


def test_trimap_scores_the_pixels_within_each_distance(maps):
    labels, classes = maps
    trimap = TrimapIou(4, radii=(1, 3.5))
    trimap.update(labels, classes)
    distances = distance_transform_edt(~edges_by_loop(labels, False)) + 1
    for radius, report in trimap.result().items():
        matrix = ConfusionMatrix(4)
        matrix.update(labels[distances <= radius], classes[distances <= radius])
        assert report == matrix.result()


def test_wide_band_is_the_whole_image_and_merging_adds_images(maps):
    parts = [TrimapIou(4, radii=(1000,)) for _ in range(2)]
    matrix = ConfusionMatrix(4)
    for part, (labels, classes) in zip(parts, (maps, maps[::-1]), strict=True):
        labels, classes = np.where(labels == 255, 0, labels), np.where(classes == 255, 0, classes)
        part.update(labels, classes)
        matrix.update(labels, classes)
    parts[0].merge(parts[1])
    assert parts[0].result()[1000] == matrix.result()


@pytest.mark.parametrize("radius", [1, 1.5, 2, 2.9])
def test_boundary_f1_is_that_of_exact_distances(maps, radius):
    tolerance = radius / np.hypot(31, 45)
    scores = boundary_f1(*maps, num_classes=5, tolerance=tolerance + 1e-9)
    np.testing.assert_allclose(scores, f1_by_distances(*maps, 5, radius))
    assert np.isnan(scores[4])  # a class that is in neither map


def test_tolerance_is_a_share_of_the_diagonal():
    labels, classes = np.zeros((2, 720, 960), "uint8")
    labels[:, 480:] = 1
    classes[:, 489:] = 1  # 9 pixels, 0.75 % of the diagonal of 1200
    assert mean_boundary_f1(labels, classes, 2) == 1
    classes[:, 489] = 0
    assert mean_boundary_f1(labels, classes, 2) == 0


def test_class_with_a_boundary_in_one_map_only_scores_zero():
    labels, classes = np.zeros((2, 9, 11), "uint8")
    classes[3:5, 4:6] = 1
    np.testing.assert_array_equal(boundary_f1(labels, classes, 3), [0, 0, np.nan])


def test_boundaries_of_void_do_not_count():
    labels = np.zeros((9, 11), "uint8")
    labels[:, 5:] = 255
    assert np.isnan(mean_boundary_f1(labels, np.zeros((9, 11), "uint8"), 2))
    labels = labels.astype("int32")
    labels[labels == 255] = -1
    assert np.isnan(mean_boundary_f1(labels, np.zeros((9, 11), "uint8"), 2, ignore_label=-1))


def test_one_class_is_a_sigmoid_of_two(rng):
    labels, classes = blocks(rng, num_classes=2), blocks(rng, num_classes=2)
    np.testing.assert_array_equal(boundary_f1(labels, classes, 1), boundary_f1(labels, classes, 2))


def test_data_set_scores_the_mean_of_its_images(maps, rng):
    labels, classes = maps
    other = blocks(rng), blocks(rng)
    empty = np.zeros((31, 45), "uint8")
    metric, further = BoundaryF1(4, tolerance=0.05), BoundaryF1(4, tolerance=0.05)
    metric.update(labels, classes)
    further.update(*other)
    further.update(empty, empty)  # has no boundary, and no part in the mean
    metric.merge(further)
    rows = [boundary_f1(*pair, 4, tolerance=0.05) for pair in ((labels, classes), other)]
    report = metric.result()
    assert report["mean_boundary_f1"] == pytest.approx(np.mean([np.nanmean(row) for row in rows]))
    assert report["per_class_boundary_f1"] == pytest.approx(list(np.nanmean(rows, axis=0)))
    assert "5.00% of the diagonal" in report["boundary_convention"]


def test_nothing_to_score_gives_zero_and_no_nan():
    report = BoundaryF1(2).result()
    assert report["mean_boundary_f1"] == 0
    assert report["per_class_boundary_f1"] == [None, None]


def test_maps_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 5\).*\(5, 4\).*Resize the predictions"):
        BoundaryF1(2).update(np.zeros((4, 5)), np.zeros((5, 4)))


@pytest.mark.slow  # for its clock
def test_boundary_f1_of_a_large_image_takes_less_than_one_and_a_half_seconds():
    assert medians(boundary_work(), rounds=3)["boundary F1"] < 1500
