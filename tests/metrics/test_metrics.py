"""What every metric promises of ignored pixels, of nothing to score, and of a single logit."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from seg_keras import metrics
from seg_keras.metrics.keras_metrics import SCORES

PAGE = Path(__file__).parents[2] / "docs" / "losses_metrics.md"
SIZE = (19, 27)


def in_fit(num_classes, ignore_label, labels, classes):
    """The scores that `fit` shows, of logits that say the classes."""
    channels = np.arange(num_classes) if num_classes > 1 else np.array([1])
    logits = np.where(classes[None, ..., None] == channels, 1.0, -1.0).astype("float32")
    scores = {}
    for score in SCORES:
        metric = metrics.SegmentationScore(num_classes, score, ignore_label)
        metric.update_state(labels[None].astype("int32"), logits)
        scores[score] = float(metric.result())
    return scores


def of_class(metric, *options):
    """The report of a metric that takes labels and classes, made by `metric`."""

    def report(num_classes, ignore_label, labels, classes):
        made = metric(num_classes, ignore_label, *options)
        made.update(labels, classes)
        return made.result()

    return report


METRICS = {
    "ConfusionMatrix": of_class(metrics.ConfusionMatrix),
    "TrimapIou": of_class(lambda n, ignored: metrics.TrimapIou(n, (2,), ignored)),
    "BoundaryF1": of_class(metrics.BoundaryF1, 0.05),
    "RandError": of_class(lambda _, ignored: metrics.RandError(ignored)),
    "SegmentationScore": in_fit,
}


@pytest.fixture(params=METRICS)
def report_of(request):
    return METRICS[request.param]


@pytest.fixture
def maps(rng):
    """Labels in blocks of the classes 0 to 2, a part of them ignored, and wrong predictions."""
    labels, classes = (
        np.kron(rng.integers(0, 3, (5, 7)), np.ones((4, 4), int))[: SIZE[0], : SIZE[1]]
        for _ in range(2)
    )
    labels[:6, :9] = 255
    return labels, classes


def test_every_metric_is_in_the_table():
    classes = {name for name in metrics.__all__ if isinstance(getattr(metrics, name), type)}
    assert classes == set(METRICS)


# Of Rand's cells, predicted ones may be joined on the other side of a pixel without a label.
@pytest.mark.parametrize("report_of", sorted(METRICS.keys() - {"RandError"}), indirect=True)
@pytest.mark.parametrize("ignored", [255, 0, -1])
def test_predictions_on_ignored_pixels_change_nothing(report_of, maps, rng, ignored):
    labels = np.where(maps[0] == 255, ignored, maps[0])
    other = np.where(labels == ignored, rng.integers(0, 3, SIZE), maps[1])
    assert report_of(3, ignored, labels, maps[1]) == report_of(3, ignored, labels, other)


def test_an_ignored_class_has_no_part_in_the_means_that_fit_shows(maps):
    labels, classes = np.where(maps[0] == 255, 0, maps[0]), maps[1]
    matrix = metrics.ConfusionMatrix(3, ignore_label=0)
    matrix.update(labels, classes)
    expected = {name: matrix.result()[name] for name in SCORES}
    assert in_fit(3, 0, labels, classes) == pytest.approx(expected, rel=1e-5)


def test_an_ignored_class_has_no_boundaries(maps):
    """The others have those that they have with 255 in its place."""
    labels, classes = np.where(maps[0] == 255, 0, maps[0]), maps[1]
    expected = metrics.boundary_f1(np.where(labels == 0, 255, labels), classes, 3)
    scores = metrics.boundary_f1(labels, classes, 3, ignore_label=0)
    np.testing.assert_array_equal(scores, [np.nan, *expected[1:]])


@pytest.mark.parametrize("ignored", [255, 0])
def test_nothing_to_score_is_no_nan(report_of, ignored):
    report = report_of(3, ignored, np.full(SIZE, ignored), np.zeros(SIZE, int))
    json.dumps(report, allow_nan=False)


def test_a_single_logit_is_scored_as_two_classes(report_of, maps):
    labels, classes = np.where(maps[0] == 2, 0, maps[0]), maps[1] % 2
    assert report_of(1, 255, labels, classes) == report_of(2, 255, labels, classes)


def test_the_page_lists_every_metric():
    table = PAGE.read_text().partition("## Metrics")[2]
    listed = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    words = set(re.findall(r"`(\w+)`", "".join(listed)))
    of_matrix = metrics.ConfusionMatrix(2).result().keys() - {"convention"}
    assert words >= set(METRICS) | of_matrix | set(metrics.CONVENTIONS)
