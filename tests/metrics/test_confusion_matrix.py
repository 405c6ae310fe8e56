"""The confusion matrix against hand-worked numbers and a few lines of NumPy."""

import json
import pickle

import numpy as np
import pytest

from benchmarks.metrics import matrix_work, medians
from seg_keras.metrics import ConfusionMatrix

# The fourth class is neither labelled nor predicted.
COUNTS = np.array([[50, 2, 3, 0], [4, 20, 1, 0], [0, 5, 15, 0], [0, 0, 0, 0]])
MEANS = {
    # rule: mean IoU, mean pixel accuracy, mean Dice
    "skip": (0.699153, 0.819697, 0.818631),
    "zero": (0.524364, 0.614773, 0.613973),
    "nan": (np.nan, np.nan, np.nan),
}


def pixels_of(counts):
    """Labels and classes, each (N,), that count to the given matrix."""
    labels, classes = np.indices(counts.shape)
    repeats = counts.ravel()
    return (
        np.repeat(labels.ravel(), repeats).astype("uint8"),
        np.repeat(classes.ravel(), repeats).astype("uint8"),
    )


def count_one_by_one(labels, classes, num_classes, ignore_label=255):
    counts = np.zeros((num_classes, num_classes), int)
    for label, predicted in zip(labels.ravel(), classes.ravel(), strict=True):
        if label != ignore_label:
            counts[label, predicted] += 1
    return counts


@pytest.fixture
def maps():
    """Odd-sized labels with ignored pixels, and classes: two of (37, 53), ids 0 to 6."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, (2, 37, 53)).astype("uint8")
    labels[rng.random(labels.shape) < 0.2] = 255
    return labels, rng.integers(0, 7, labels.shape).astype("uint8")


def test_scores_equal_the_hand_worked_example():
    matrix = ConfusionMatrix(4)
    matrix.update(*pixels_of(COUNTS))
    report = matrix.result()
    np.testing.assert_array_equal(matrix.counts, COUNTS)
    assert report["pixel_accuracy"] == pytest.approx(0.85)
    assert report["frequency_weighted_iou"] == pytest.approx(0.747352, abs=1e-6)
    per_class = report["per_class"]
    assert [c["iou"] for c in per_class[:3]] == pytest.approx([0.847458, 0.625, 0.625], abs=1e-6)
    assert [c["precision"] for c in per_class[:3]] == pytest.approx(
        [0.925926, 0.740741, 0.789474], abs=1e-6
    )
    assert [c["accuracy"] for c in per_class[:3]] == pytest.approx([50 / 55, 0.8, 0.75])
    assert report["mean_precision"] == pytest.approx((50 / 54 + 20 / 27 + 15 / 19) / 3)
    by_chance = (55 * 54 + 25 * 27 + 20 * 19) / 100**2
    assert report["kappa"] == pytest.approx((0.85 - by_chance) / (1 - by_chance))
    assert [c["dice"] for c in per_class[:3]] == pytest.approx([100 / 109, 40 / 52, 30 / 39])
    assert [c["pixels"] for c in per_class] == [55, 25, 20, 0]
    absent = {"iou": None, "dice": None, "accuracy": None, "precision": None, "pixels": 0}
    assert per_class[3] == absent


@pytest.mark.parametrize("absent", MEANS)
def test_absent_class_follows_the_rule_and_the_report_says_so(absent):
    matrix = ConfusionMatrix(4, absent=absent)
    matrix.update(*pixels_of(COUNTS))
    report = matrix.result()
    means = [report[key] for key in ("mean_iou", "mean_pixel_accuracy", "mean_dice")]
    assert means == pytest.approx(MEANS[absent], abs=1e-6, nan_ok=True)
    assert report["convention"]["absent_classes"].startswith(absent)


@pytest.mark.parametrize("absent", MEANS)
def test_background_may_be_left_out_of_the_means_but_not_of_the_counts(absent):
    matrix = ConfusionMatrix(4, absent=absent, ignore_background=True)
    matrix.update(*pixels_of(COUNTS))
    report = matrix.result()
    mean = {"skip": 0.625, "zero": 1.25 / 3, "nan": np.nan}[absent]
    assert report["mean_iou"] == pytest.approx(mean, nan_ok=True)
    assert report["pixel_accuracy"] == pytest.approx(0.85)
    assert report["per_class"][0]["iou"] == pytest.approx(0.847458, abs=1e-6)
    assert report["convention"]["means"] == "without class 0"


def test_ignored_label_may_be_a_class(maps):
    """The same as with 255 in the place of 0, but that 0 may be predicted, wrongly."""
    labels, classes = np.where(maps[0] == 255, 0, maps[0]), maps[1]
    matrix = ConfusionMatrix(7, ignore_label=0)
    matrix.update(labels, classes)
    other = ConfusionMatrix(7)
    other.update(np.where(labels == 0, 255, labels), classes)
    np.testing.assert_array_equal(matrix.counts, other.counts)
    report, expected = matrix.result(), other.result()
    assert report["mean_iou"] == pytest.approx(
        np.mean([c["iou"] for c in expected["per_class"][1:]])
    )
    assert report["per_class"][0] == {
        "iou": None, "dice": None, "accuracy": None, "precision": None, "pixels": 0
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_a_weight_is_how_often_a_pixel_counts(maps, rng, dtype):
    weights = rng.integers(0, 2 if dtype == "bool" else 4, maps[0].shape).astype(dtype)
    matrix, repeated = ConfusionMatrix(7), ConfusionMatrix(7)
    matrix.update(*maps, weights)
    for count in range(1, 4):
        repeated.update(maps[0][weights >= count], maps[1][weights >= count])
    np.testing.assert_array_equal(matrix.counts, repeated.counts)


@pytest.mark.parametrize("weights", [np.ones(3), np.array([1, 1, -1]), np.array([1, 1])])
def test_weights_are_whole_numbers_of_the_shape_of_the_labels(weights):
    with pytest.raises(ValueError, match="weights must be whole numbers from 0"):
        ConfusionMatrix(2).update(np.array([0, 1, 1]), np.array([0, 1, 1]), weights)


def test_merging_equals_counting_in_one_process(maps):
    whole, parts = ConfusionMatrix(7), [ConfusionMatrix(7) for _ in range(2)]
    whole.update(*maps)
    for part, labels, classes in zip(parts, *maps, strict=True):
        part.update(labels, classes)
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]  # as processes send it
    parts[0].merge(parts[1])
    assert parts[0].result() == whole.result()


def test_matrices_of_other_rules_do_not_merge():
    with pytest.raises(ValueError, match="absent='zero' into one of absent='skip'"):
        ConfusionMatrix(2).merge(ConfusionMatrix(2, absent="zero"))


def test_class_that_is_only_predicted_counts_as_zero():
    matrix = ConfusionMatrix(3)
    matrix.update(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]))
    report = matrix.result()
    assert report["per_class"][2]["iou"] == 0.0
    assert report["per_class"][2]["accuracy"] is None  # nothing was there to be found
    assert report["mean_iou"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert report["mean_pixel_accuracy"] == pytest.approx((1 + 0.5) / 2)


def test_counts_equal_a_loop_over_pixels_with_ignored_ones(maps):
    matrix = ConfusionMatrix(7)
    matrix.update(*maps)
    np.testing.assert_array_equal(matrix.counts, count_one_by_one(*maps, 7))
    assert matrix.result()["convention"]["ignored_label"] == 255


def test_streaming_equals_all_at_once(maps):
    at_once, streamed = ConfusionMatrix(7), ConfusionMatrix(7)
    at_once.update(*maps)
    for labels, classes in zip(*maps, strict=True):
        for columns in (slice(0, 1), slice(1, 20), slice(20, None)):
            streamed.update(labels[:, columns], classes[:, columns])
    assert streamed.result() == at_once.result()


# Frameworks hand ids over in several types; -1 is the other common label for ignored pixels.
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint16"])
def test_integer_types_count_alike(maps, dtype):
    matrix = ConfusionMatrix(7)
    matrix.update(maps[0].astype(dtype), maps[1].astype(dtype))
    np.testing.assert_array_equal(matrix.counts, count_one_by_one(*maps, 7))


def test_large_maps_are_counted_piece_by_piece(rng):
    labels, classes = rng.integers(0, 3, (2, 301, 503)).astype("uint8")  # more than two pieces
    matrix = ConfusionMatrix(3)
    matrix.update(labels, classes)
    expected = np.bincount(3 * labels.ravel() + classes.ravel(), minlength=9).reshape(3, 3)
    np.testing.assert_array_equal(matrix.counts, expected)


def test_negative_ignore_label(maps):
    labels = maps[0].astype("int32")
    labels[labels == 255] = -1
    matrix = ConfusionMatrix(7, ignore_label=-1)
    matrix.update(labels, maps[1])
    np.testing.assert_array_equal(matrix.counts, count_one_by_one(*maps, 7))


def test_prediction_on_an_ignored_pixel_counts_nowhere():
    matrix = ConfusionMatrix(2)
    matrix.update(np.array([0, 255], "uint8"), np.array([0, 77], "uint8"))
    assert matrix.counts.tolist() == [[1, 0], [0, 0]]


def test_one_class_is_a_sigmoid_of_two():
    matrix = ConfusionMatrix(1)
    matrix.update(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    assert matrix.counts.tolist() == [[1, 1], [0, 2]]


@pytest.mark.parametrize("updates", [0, 1])
def test_nothing_to_count_gives_zeros_and_no_nan(updates):
    matrix = ConfusionMatrix(3)
    for _ in range(updates):
        matrix.update(np.full((5, 7), 255, "uint8"), np.zeros((5, 7), "uint8"))
    report = matrix.result()
    assert {value for value in report.values() if isinstance(value, float)} == {0.0}
    json.dumps(report, allow_nan=False)


def test_counts_do_not_overflow():
    matrix = ConfusionMatrix(2)
    matrix.counts[:] = [[2**40, 0], [0, 2**40]]  # as after millions of large images
    matrix.update(np.array([0, 1], "uint8"), np.array([1, 1], "uint8"))
    assert matrix.counts.tolist() == [[2**40, 1], [0, 2**40 + 1]]
    assert matrix.result()["pixel_accuracy"] == pytest.approx(1.0)
    assert matrix.result()["per_class"][0]["pixels"] == 2**40 + 1


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        (np.zeros((4, 5), "uint8"), np.zeros((5, 4), "uint8"), r"\(4, 5\).*\(5, 4\)"),
        (np.array([0, 3], "uint8"), np.array([0, 0], "uint8"), "labels hold 3, expected .* 0 to 2"),
        (
            np.array([0, 1], "uint8"),
            np.array([0, 9], "uint8"),
            "classes hold 9, expected .* 0 to 2",
        ),
        (np.array([0, -4]), np.array([0, 0]), "labels hold -4"),
        (np.array([0, 1]), np.array([0, 300]), "classes hold 300"),
        (np.array([0.0, 1.0]), np.array([0, 1]), "labels must be integer ids, got float64"),
    ],
)
def test_wrong_input_is_refused_and_not_counted(labels, classes, message):
    matrix = ConfusionMatrix(3)
    with pytest.raises(ValueError, match=message):
        matrix.update(labels, classes)
    assert matrix.counts.sum() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes is 0"),
        ({"num_classes": 300}, "num_classes is 300"),
        ({"num_classes": 3, "absent": "one"}, "'one'.*skip, zero, nan, refuse"),
        ({"num_classes": 3, "unknown": "skip"}, "unknown='skip'.*refuse, miss"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ConfusionMatrix(**options)


@pytest.mark.slow  # for its clock
def test_counting_a_large_pair_costs_less_than_two_plain_bincounts():
    times = medians(matrix_work(), rounds=15)
    assert times["confusion matrix"] < 2 * times["numpy.bincount"]
