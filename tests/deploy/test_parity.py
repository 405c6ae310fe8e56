"""The gate counts right, and refuses what decides otherwise than its model."""

import keras
import numpy as np
import pytest
from tiny_models import build_tiny_model, describe

from deploy.export.keras_reference import KerasReference
from deploy.export.parity import check_parity, gate
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description

SIZE = (20, 30)


def color_reference(size=SIZE):
    """The logits are the three channels of the image."""
    images = keras.Input((*size, 3))
    return KerasReference(keras.Model(images, {"logits": keras.layers.Rescaling(1.0)(images)}))


def named(frames, labels):
    return [(f"{i}.png", *pair) for i, pair in enumerate(zip(frames, labels, strict=True))]


class FlippedPixels:
    """An artifact of the color model that decides `count` pixels of each image wrongly."""

    input_size = SIZE

    def __init__(self, count, precision="int8"):
        self.count = count
        self.description = describe(3) | {"quantization": {"precision": precision}}

    def run(self, image):
        classes = image.argmax(axis=-1).astype("uint8")
        classes.reshape(-1)[: self.count] = (classes.reshape(-1)[: self.count] + 1) % 3
        return classes


def draw(count, size=SIZE, seed=0):
    """Frames of pure colors, and the classes that the color model gives them."""
    classes = np.random.default_rng(seed).integers(0, 3, (count, *size)).astype("uint8")
    return np.eye(3, dtype="uint8")[classes] * 255, classes


def mean_iou(labels, classes):
    ious = [
        np.sum((labels == c) & (classes == c))
        / np.sum(((labels == c) | (classes == c)) & (labels != 255))
        for c in np.unique(labels[labels != 255])
    ]
    return np.mean(ious)


@pytest.mark.parametrize(
    ("precision", "wrong", "passed"),  # of the 600 pixels of an image
    [
        ("int8", 0, True),
        ("int8", 18, True),  # 97 % agree
        ("int8", 19, False),
        ("float16", 3, True),  # 99.5 %
        ("float16", 4, False),
        ("float32", 0, True),
        ("float32", 1, False),  # 99.83 %
    ],
)
def test_agreement_is_counted_and_held_to_the_limit(precision, wrong, passed):
    frames, _ = draw(4)
    samples = [("", frame, None) for frame in frames]
    verdict = check_parity(FlippedPixels(wrong, precision), color_reference(), iter(samples))
    assert verdict["agreement"] == pytest.approx(1 - wrong / 600)
    assert verdict["passed"] is passed
    assert verdict["images"] == 4
    assert verdict["summary"].startswith("passed" if passed else "refused")


def test_without_labels_points_are_not_judged_and_the_verdict_says_so():
    frames, classes = draw(4)
    samples = [("", frame, None) for frame in frames]
    verdict = check_parity(FlippedPixels(15), color_reference(), samples)
    decided = classes.copy().reshape(4, -1)
    decided[:, :15] = (decided[:, :15] + 1) % 3
    expected = mean_iou(classes.reshape(4, -1), decided)
    assert verdict["mean_iou_with_reference"] == pytest.approx(expected)
    assert verdict["labelled_images"] == 0
    assert "not judged without labels" in verdict["summary"]
    for key in ("reference_mean_iou", "artifact_mean_iou", "lost_points", "max_lost_points"):
        assert verdict[key] is None


def test_with_labels_the_lost_points_are_those_of_the_mean_iou():
    frames, keras_classes = draw(4)
    labels = keras_classes.copy()
    labels[:, -5:] = 0  # where Keras is wrong too
    labels[:, 0] = 255
    verdict = check_parity(FlippedPixels(60), color_reference(), named(frames, labels))
    decided = keras_classes.copy().reshape(4, -1)
    decided[:, :60] = (decided[:, :60] + 1) % 3
    of_artifact = mean_iou(labels, decided.reshape(labels.shape))
    assert verdict["reference_mean_iou"] == pytest.approx(mean_iou(labels, keras_classes))
    assert verdict["artifact_mean_iou"] == pytest.approx(of_artifact)
    lost = 100 * (mean_iou(labels, keras_classes) - of_artifact)
    assert verdict["lost_points"] == pytest.approx(lost)
    assert f"{lost:.2f} points of mean IoU are lost (at most 1.0)" in verdict["summary"]


@pytest.mark.parametrize(("wrong", "passed"), [(2, True), (15, False)])
def test_more_than_one_lost_point_is_refused_though_the_pixels_agree(wrong, passed):
    frames, labels = draw(4)
    samples = named(frames, labels)
    verdict = check_parity(FlippedPixels(wrong), color_reference(), samples)
    assert verdict["agreement"] > verdict["min_agreement"]
    assert (verdict["lost_points"] > 1) is not passed
    assert verdict["passed"] is passed


def test_class_that_no_label_has_costs_nothing_by_itself():
    frames, labels = draw(4)
    frames[frames[..., 2] > 0] = (255, 0, 0)
    labels[labels == 2] = 0  # so class 2 is decided once only, by the artifact
    runtime = FlippedPixels(0)
    right = runtime.run

    def run(image):
        classes = right(image)
        classes[0, 0, 0] = 2
        return classes

    runtime.run = run
    verdict = check_parity(runtime, color_reference(), named(frames, labels))
    assert 0 < verdict["lost_points"] < 1
    assert verdict["passed"]


def test_labels_are_compared_at_the_size_of_the_frame():
    frames, classes = draw(2, size=(SIZE[0] // 2, SIZE[1] // 2))
    larger = [image.repeat(6, axis=0).repeat(6, axis=1) for image in frames]
    labels = [image.repeat(6, axis=0).repeat(6, axis=1) for image in classes]
    samples = named(larger, labels)  # three times the input size
    verdict = check_parity(FlippedPixels(0), color_reference(), samples)
    assert verdict["reference_mean_iou"] == 1


def test_no_images_are_told():
    with pytest.raises(ValueError, match="no images to check"):
        check_parity(FlippedPixels(0), color_reference(), [])


def test_model_of_another_size_is_told():
    samples = [("a.png", draw(1)[0][0], None)]
    with pytest.raises(ValueError, match=r"\(20, 30\) pixels, the reference of \(40, 30\)"):
        check_parity(FlippedPixels(0), color_reference((40, 30)), samples)


def test_unknown_precision_is_told():
    samples = [("a.png", draw(1)[0][0], None)]
    with pytest.raises(ValueError, match="precision is 'int2'; the gate judges float32, float16"):
        check_parity(FlippedPixels(0, "int2"), color_reference(), samples)


def test_verdict_goes_into_the_artifact(artifacts, trained_model, scenes):
    verdict = gate(artifacts["int8"], KerasReference(trained_model), named(*scenes))
    assert verdict["passed"]
    assert verdict["labelled_images"] == 8
    assert read_description(artifacts["int8"])["parity"] == verdict
    load_runtime(artifacts["int8"])(scenes[0][0])


def test_artifact_of_another_model_is_refused(artifacts, scenes):
    samples = (("", image, None) for image in scenes[0])
    verdict = gate(artifacts["float32"], KerasReference(build_tiny_model()), samples)
    assert not verdict["passed"]
    assert verdict["summary"].startswith("refused")


def test_worst_image_is_named():
    frames, _ = draw(3)
    frames[1] = 255  # all three channels alike: argmax is 0 in both
    samples = [(name, frame, None) for name, frame in zip("abc", frames, strict=True)]
    runtime = FlippedPixels(0)
    right = runtime.run
    runtime.run = lambda image: np.where(image.min() == 255, 1, right(image)).astype("uint8")
    verdict = check_parity(runtime, color_reference(), samples)
    assert (verdict["worst_image"], verdict["worst_agreement"]) == ("b", 0.0)
    assert verdict["agreement"] == pytest.approx(2 / 3)


def test_lost_points_are_told_for_each_class():
    frames, labels = draw(4)
    frames[labels == 2] = (255, 0, 0)
    labels[labels == 2] = 0
    verdict = check_parity(FlippedPixels(60), color_reference(), named(frames, labels))
    decided = labels.copy().reshape(4, -1)
    decided[:, :60] = (decided[:, :60] + 1) % 3
    decided = decided.reshape(labels.shape)
    for index, name in enumerate(("road", "sky")):
        hits = np.sum((labels == index) & (decided == index))
        iou = hits / np.sum((labels == index) | (decided == index))
        assert verdict["lost_points_per_class"][name] == pytest.approx(100 * (1 - iou))
    assert "car" not in verdict["lost_points_per_class"]  # no label has it


def test_lost_boundary_points_are_the_mean_over_the_images():
    frames, labels = draw(3)
    shares = iter([0.9, 0.5, np.nan, np.nan, 0.8, 0.6])  # reference and artifact of each image

    def score(labels, classes):
        assert labels.shape == classes.shape == SIZE
        return next(shares)

    verdict = check_parity(FlippedPixels(3), color_reference(), named(frames, labels), score)
    assert verdict["lost_boundary_points"] == pytest.approx(100 * (0.4 + 0.2) / 2)
    verdict = check_parity(FlippedPixels(3), color_reference(), named(frames, labels))
    assert verdict["lost_boundary_points"] is None


def test_logits_error_is_measured_where_both_give_logits():
    frames, _ = draw(2)
    samples = [("", frame, None) for frame in frames]
    runtime = FlippedPixels(0)
    assert check_parity(runtime, color_reference(), samples)["max_logits_error"] is None

    def run(image):
        logits = image.astype("float32")
        logits[0, 0, 0, 0] += 6
        return logits

    runtime.run = run
    verdict = check_parity(runtime, color_reference(), samples)
    assert verdict["max_logits_error"] == 6
    assert verdict["mean_logits_error"] == pytest.approx(6 / (600 * 3))


def test_two_artifacts_are_compared_with_each_other(onnx_artifacts, artifacts, scenes):
    reference = load_runtime(onnx_artifacts["float32"])
    samples = named(*scenes)
    verdict = check_parity(load_runtime(artifacts["float16"]), reference, samples)
    assert verdict["passed"]
    assert verdict["min_agreement"] == 0.995
