"""Soft Dice and sums of losses against a few lines of NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras.losses import DiceLoss, LossSum, PixelCrossEntropy


def softmax(logits):
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def reference(labels, logits, smooth=1.0, ignore_label=255):
    probabilities, counted = softmax(logits), labels != ignore_label
    terms = []
    for index in np.unique(labels[counted]):
        p, y = probabilities[..., index][counted], (labels == index)[counted]
        terms.append((2 * (p * y).sum() + smooth) / (p.sum() + y.sum() + smooth))
    return 1 - np.mean(terms)


@pytest.mark.parametrize(("smooth", "ignore_label"), [(1.0, 255), (0.0, 255), (1.0, 0)])
def test_dice_is_the_mean_over_labelled_classes(rng, smooth, ignore_label):
    labels = rng.choice([0, 1, 3, 255 if ignore_label == 255 else 0], (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 3, (2, 5, 7, 4)).astype("float32")
    loss = DiceLoss(smooth, ignore_label)(labels, logits)
    np.testing.assert_allclose(loss, reference(labels, logits, smooth, ignore_label), rtol=1e-5)


def test_dice_of_the_four_pixel_example():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    labels = np.array([0, 1, 0, 1])
    terms = [0.651163, 0.545455]  # class 2 is not labelled
    loss = DiceLoss()(labels[None, None], np.log(probabilities)[None, None].astype("float32"))
    np.testing.assert_allclose(loss, 1 - np.mean(terms), atol=1e-5)


def test_dice_of_one_class_takes_the_sigmoid(rng):
    labels = rng.integers(0, 2, (1, 3, 5)).astype("int32")
    logits = rng.normal(size=(1, 3, 5, 1)).astype("float32")
    p, y = 1 / (1 + np.exp(-logits[..., 0])), labels == 1
    expected = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    np.testing.assert_allclose(DiceLoss()(labels, logits), expected, rtol=1e-5)


def test_without_a_counted_pixel_dice_is_zero():
    assert float(DiceLoss()(np.full((1, 2, 3), 255), np.ones((1, 2, 3, 4), "float32"))) == 0


def test_a_sum_adds_its_losses_and_survives_saving(rng):
    labels = rng.integers(0, 3, (1, 4, 5)).astype("int32")
    logits = rng.normal(size=(1, 4, 5, 3)).astype("float32")
    parts = [PixelCrossEntropy([1.0, 2.0, 3.0]), DiceLoss(smooth=2.0)]
    expected = sum(float(loss(labels, logits)) for loss in parts)
    total = LossSum(parts)
    np.testing.assert_allclose(float(total(labels, logits)), expected, rtol=1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(total))
    np.testing.assert_allclose(float(again(labels, logits)), expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_logits_are_compared_in_float32(rng, dtype):
    labels = rng.integers(0, 3, (2, 40, 50)).astype("int32")
    logits = ops.cast(rng.normal(size=(2, 40, 50, 3)), dtype)
    loss = DiceLoss()(labels, logits)
    assert loss.dtype == "float32"
    wide = np.asarray(ops.convert_to_numpy(ops.cast(logits, "float32")))
    np.testing.assert_allclose(float(loss), reference(labels, wide), rtol=1e-4)
