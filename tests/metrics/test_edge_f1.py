"""F1 of edges: shifted lines, thresholds, void, against a loop over pixels."""

import numpy as np
import pytest

from seg_keras.metrics import best_edge_f1

TOLERANCE = 4


@pytest.fixture
def line():
    label = np.zeros((40, 41), "uint8")
    label[:, 20] = 1
    return label


@pytest.mark.parametrize("shift", [0, TOLERANCE])
def test_a_line_within_the_tolerance_is_found(line, shift):
    result = best_edge_f1([np.roll(line, shift, axis=1).astype("float32")], [line], TOLERANCE)
    assert result["f1"] == result["precision"] == result["recall"] == 1
    assert 0 < result["threshold"] <= 1


def test_one_beyond_it_is_no_better_than_to_call_every_pixel_an_edge(line):
    score = np.roll(line, TOLERANCE + 1, axis=1).astype("float32")
    near = 2 * TOLERANCE + 1  # of the 41 columns: all pixels hit in these, and miss no edge
    assert best_edge_f1([score], [line], TOLERANCE)["f1"] == pytest.approx(2 * near / (41 + near))


def test_what_is_found_in_void_does_not_count(line):
    score = line.astype("float32")
    score[:, 0] = 1
    assert best_edge_f1([score], [line], TOLERANCE)["precision"] == 0.5
    line[:, 0] = 255
    assert best_edge_f1([score], [line], TOLERANCE)["f1"] == 1


def test_equals_a_loop_over_pixels_of_two_images(rng):
    scores = rng.random((2, 17, 23)).round(1)
    labels = (rng.random((2, 17, 23)) < 0.02).astype("uint8")
    labels[0, 3:6, 4:9] = 255
    result = best_edge_f1(scores, labels, tolerance=2.0, num_thresholds=12)
    best = max(f1_by_loop(scores, labels, level / 10, 2.0) for level in range(5, 11))
    assert result["f1"] == pytest.approx(best)
    assert f1_by_loop(scores, labels, result["threshold"], 2.0) == pytest.approx(best)


def f1_by_loop(scores, labels, threshold, tolerance):
    def near(one, others):
        return any(np.hypot(*(one - other)) <= tolerance for other in others)

    hits = {"precision": [], "recall": []}
    for score, label in zip(scores, labels, strict=True):
        found = np.argwhere((score >= threshold) & (label != 255))
        edges = np.argwhere(label == 1)
        hits["precision"] += [near(pixel, edges) for pixel in found]
        hits["recall"] += [near(pixel, found) for pixel in edges]
    precision, recall = (np.mean(values) for values in hits.values())
    return 2 * precision * recall / (precision + recall)


def test_without_edges_all_is_0():
    result = best_edge_f1([np.eye(9)], [np.zeros((9, 9), "uint8")])
    assert result["f1"] == result["precision"] == result["recall"] == 0


def test_maps_of_different_sizes_are_refused(line):
    with pytest.raises(ValueError, match=r"scores are 1 maps.*\(40, 41\).*labels 1.*\(40, 40\)"):
        best_edge_f1([line], [line[:, 1:]])
