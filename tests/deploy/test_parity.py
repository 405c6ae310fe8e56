"""The gate counts right, and refuses what decides otherwise than its model."""

import keras
import numpy as np
import pytest
from tiny_models import build_tiny_model, describe

from deploy.export.parity import check_parity, gate
from deploy.runtimes import load_runtime
from deploy.runtimes.artifact import read_description

SIZE = (20, 30)


def build_color_model(size=SIZE):
    """The logits are the three channels of the image."""
    images = keras.Input((*size, 3))
    return keras.Model(images, {"logits": keras.layers.Rescaling(1.0)(images)})


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
    samples = [(frame, None) for frame in frames]
    verdict = check_parity(FlippedPixels(wrong, precision), build_color_model(), iter(samples))
    assert verdict["agreement"] == pytest.approx(1 - wrong / 600)
    assert verdict["passed"] is passed
    assert verdict["images"] == 4
    assert verdict["summary"].startswith("passed" if passed else "refused")


def test_without_labels_points_are_not_judged_and_the_verdict_says_so():
    frames, classes = draw(4)
    samples = [(frame, None) for frame in frames]
    verdict = check_parity(FlippedPixels(15), build_color_model(), samples)
    decided = classes.copy().reshape(4, -1)
    decided[:, :15] = (decided[:, :15] + 1) % 3
    expected = mean_iou(classes.reshape(4, -1), decided)
    assert verdict["mean_iou_with_keras"] == pytest.approx(expected)
    assert verdict["labelled_images"] == 0
    assert "not judged without labels" in verdict["summary"]
    for key in ("keras_mean_iou", "artifact_mean_iou", "lost_points", "max_lost_points"):
        assert verdict[key] is None


def test_with_labels_the_lost_points_are_those_of_the_mean_iou():
    frames, keras_classes = draw(4)
    labels = keras_classes.copy()
    labels[:, -5:] = 0  # where Keras is wrong too
    labels[:, 0] = 255
    verdict = check_parity(FlippedPixels(60), build_color_model(), zip(frames, labels, strict=True))
    decided = keras_classes.copy().reshape(4, -1)
    decided[:, :60] = (decided[:, :60] + 1) % 3
    of_artifact = mean_iou(labels, decided.reshape(labels.shape))
    assert verdict["keras_mean_iou"] == pytest.approx(mean_iou(labels, keras_classes))
    assert verdict["artifact_mean_iou"] == pytest.approx(of_artifact)
    lost = 100 * (mean_iou(labels, keras_classes) - of_artifact)
    assert verdict["lost_points"] == pytest.approx(lost)
    assert f"{lost:.2f} points of mean IoU are lost (at most 1.0)" in verdict["summary"]


@pytest.mark.parametrize(("wrong", "passed"), [(2, True), (15, False)])
def test_more_than_one_lost_point_is_refused_though_the_pixels_agree(wrong, passed):
    frames, labels = draw(4)
    samples = [*zip(frames, labels, strict=True)]
    verdict = check_parity(FlippedPixels(wrong), build_color_model(), samples)
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
    verdict = check_parity(runtime, build_color_model(), zip(frames, labels, strict=True))
    assert 0 < verdict["lost_points"] < 1
    assert verdict["passed"]


def test_labels_are_compared_at_the_size_of_the_frame():
    frames, classes = draw(2, size=(SIZE[0] // 2, SIZE[1] // 2))
    larger = [image.repeat(6, axis=0).repeat(6, axis=1) for image in frames]
    labels = [image.repeat(6, axis=0).repeat(6, axis=1) for image in classes]
    samples = zip(larger, labels, strict=True)  # three times the input size
    verdict = check_parity(FlippedPixels(0), build_color_model(), samples)
    assert verdict["keras_mean_iou"] == 1


def test_no_images_are_told():
    with pytest.raises(ValueError, match="no images to check"):
        check_parity(FlippedPixels(0), build_color_model(), [])


def test_model_of_another_size_is_told():
    samples = [(draw(1)[0][0], None)]
    with pytest.raises(ValueError, match=r"\(20, 30\) pixels, the model of \(40, 30\)"):
        check_parity(FlippedPixels(0), build_color_model((40, 30)), samples)


def test_verdict_goes_into_the_artifact(artifacts, trained_model, scenes):
    verdict = gate(artifacts["int8"], trained_model, zip(*scenes, strict=True))
    assert verdict["passed"]
    assert verdict["labelled_images"] == 8
    assert read_description(artifacts["int8"])["parity"] == verdict
    load_runtime(artifacts["int8"])(scenes[0][0])


def test_artifact_of_another_model_is_refused(artifacts, scenes):
    samples = ((image, None) for image in scenes[0])
    verdict = gate(artifacts["float32"], build_tiny_model(), samples)
    assert not verdict["passed"]
    assert verdict["summary"].startswith("refused")
