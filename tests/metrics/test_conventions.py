"""The rules of published protocols, and that reports name them."""

import numpy as np
import pytest

from seg_keras.metrics import CONVENTIONS, ConfusionMatrix


@pytest.mark.parametrize(
    ("name", "mean_iou"),
    [
        ("cityscapes", (3 / 4 + 2 / 3) / 2),
        ("voc", np.nan),
        ("segnet", (3 / 4 + 2 / 3) / 3),
    ],
)
def test_absent_class_follows_the_convention(name, mean_iou):
    matrix = ConfusionMatrix(3, **CONVENTIONS[name])
    matrix.update(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 1, 0]))
    assert matrix.result()["mean_iou"] == pytest.approx(mean_iou, nan_ok=True)


def test_strict_convention_refuses_a_mean_without_every_class():
    matrix = ConfusionMatrix(3, **CONVENTIONS["strict"])
    matrix.update(np.array([0, 1], "uint8"), np.array([0, 1], "uint8"))
    with pytest.raises(ValueError, match="Class 2 is neither labelled nor predicted"):
        matrix.result()
    matrix.update(np.array([2], "uint8"), np.array([0], "uint8"))  # labelled, never predicted
    assert matrix.result()["mean_iou"] == pytest.approx((1 / 2 + 1 + 0) / 3)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_report_names_its_convention(name):
    matrix = ConfusionMatrix(2, **CONVENTIONS[name])
    matrix.update(np.array([0, 1]), np.array([0, 1]))
    assert matrix.result()["convention"]["name"] == name


def test_rules_of_no_protocol_are_named_custom():
    report = ConfusionMatrix(2, absent="zero", unknown="miss").result()
    assert report["convention"]["name"] == "custom"


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_cityscapes_counts_a_prediction_of_no_class_as_a_miss(dtype):
    labels, classes = np.array([0, 0, 1, 255], dtype), np.array([0, 255, 1, 77], dtype)
    matrix = ConfusionMatrix(2, **CONVENTIONS["cityscapes"])
    matrix.update(labels, classes)
    report = matrix.result()
    assert matrix.unknown_counts.tolist() == [1, 0]
    assert report["per_class"][0] == {
        "iou": 0.5, "dice": pytest.approx(2 / 3), "accuracy": 0.5, "precision": 1.0, "pixels": 2
    }  # fmt: skip
    assert report["pixel_accuracy"] == pytest.approx(2 / 3)
