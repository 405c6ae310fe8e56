"""Lovász losses against their definition, one pixel after the other."""

import numpy as np
import pytest

from seg_keras.losses import LovaszHingeLoss, LovaszSoftmaxLoss
from tests.losses.references import lovasz, lovasz_softmax, mean_over_units

FOUR_PIXELS = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])


@pytest.mark.parametrize(("classes", "expected"), [("present", 0.608333), ("all", 0.672222)])
def test_loss_of_the_four_pixel_example(classes, expected):
    logits = np.log(FOUR_PIXELS)[None, None].astype("float32")
    loss = LovaszSoftmaxLoss(classes=classes)(np.array([[[0, 1, 0, 1]]]), logits)
    np.testing.assert_allclose(loss, expected, atol=1e-5)


@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("classes", ["present", "all"])
@pytest.mark.parametrize("channels", [1, 4])
def test_loss_is_the_lovasz_extension_of_the_weighted_jaccard_loss(
    rng, per_image, classes, channels
):
    labels = rng.choice([0, 1, 255], (3, 4, 5)).astype("int32")
    labels[0] = np.where(labels[0] == 1, 0, labels[0])  # class 1 is not in every image
    labels[2] = 255
    logits = rng.normal(0, 2, (3, 4, 5, channels)).astype("float32")
    weights = rng.uniform(0.2, 3, labels.shape).astype("float32")
    options = {"classes": classes, "weights": None}
    expected = mean_over_units(labels, logits, lovasz_softmax, per_image, **options)
    loss = LovaszSoftmaxLoss(per_image, classes)
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-5)
    if not per_image:
        options["weights"] = weights
        expected = mean_over_units(labels, logits, lovasz_softmax, per_image, **options)
        np.testing.assert_allclose(loss(labels, logits, weights), expected, rtol=1e-5)


def test_certain_predictions_cost_one_minus_iou(rng):
    labels, classes = rng.integers(0, 3, (2, 2, 9, 11))
    logits = 50.0 * (classes[..., None] == np.arange(3))
    expected = [
        1 - ((labels == c) & (classes == c)).sum() / ((labels == c) | (classes == c)).sum()
        for c in range(3)
    ]
    loss = LovaszSoftmaxLoss()(labels, logits.astype("float32"))
    np.testing.assert_allclose(loss, np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize("per_image", [False, True])
def test_hinge_takes_the_margins_as_errors(rng, per_image):
    labels = rng.choice([0, 1, 255], (3, 4, 5)).astype("int32")
    labels[0] = 0  # an image without foreground: its worst pixel
    labels[2] = 255
    logits = rng.normal(0, 2, (3, 4, 5, 1)).astype("float32")

    def hinge(labels, logits):
        counted = labels != 255
        y, z = labels[counted], logits[..., 0][counted]
        return lovasz(np.maximum(1 - z * (2 * y - 1), 0), y, np.ones(len(y)))

    expected = hinge(labels, logits)
    if per_image:
        expected = np.mean([hinge(labels[i], logits[i]) for i in (0, 1)])
    loss = LovaszHingeLoss(per_image)(labels, logits)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_gradient_is_exact_among_very_many_pixels(rng):
    """Shares of a millionth, which a difference of two IoUs in float32 would round by percents."""
    import tensorflow as tf

    count = 2**20
    labels = rng.choice([0, 1], count, p=[0.8, 0.2])
    scores = rng.permutation(np.linspace(-0.9, 0.8, count, dtype="float32"))
    logits = tf.Variable(scores.reshape(1, 1, count, 1))
    with tf.GradientTape() as tape:
        loss = LovaszHingeLoss()(labels.reshape(1, 1, count), logits)
    gradient = np.asarray(tape.gradient(loss, logits)).ravel()

    sign = 2.0 * labels - 1
    order = np.argsort(-(1 - sign * scores), kind="stable")
    y = labels[order].astype("float64")
    jaccard = 1 - (y.sum() - y.cumsum()) / (y.sum() + (1 - y).cumsum())
    expected = np.empty(count)
    expected[order] = -sign[order] * np.diff(jaccard, prepend=0)
    close = np.isclose(gradient, expected, rtol=1e-3, atol=0)
    assert close.mean() > 0.999  # pixels of equal errors may swap places
