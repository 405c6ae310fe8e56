"""Soft Dice, generalised Dice and sums of losses against a few lines of NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from seg_keras.losses import DiceLoss, GeneralizedDiceLoss, LossSum, PixelCrossEntropy
from tests.losses.references import dice, foreground, mean_over_units, per_class, softmax


def reference(labels, logits, smooth=1.0, ignore_label=255):
    return per_class(labels, logits, dice(smooth), ignore_label=ignore_label)


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


@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("classes", ["present", "all"])
@pytest.mark.parametrize("channels", [1, 4])
def test_dice_has_the_forms_of_the_field(rng, squared, per_image, classes, channels):
    labels = rng.choice([0, 1, 255], (3, 4, 5)).astype("int32")
    labels[2] = 255
    logits = rng.normal(0, 2, (3, 4, 5, channels)).astype("float32")
    score = dice(1.0, 2 if squared else 1)
    expected = mean_over_units(labels, logits, score, per_image, classes=classes)
    loss = DiceLoss(squared=squared, per_image=per_image, classes=classes)
    np.testing.assert_allclose(loss(labels, logits), expected, rtol=1e-5)


def test_weight_of_a_pixel_is_how_many_it_stands_for(rng):
    labels = rng.integers(0, 3, (1, 4, 5)).astype("int32")
    logits = rng.normal(size=(1, 4, 5, 3)).astype("float32")
    times = rng.integers(0, 4, (1, 4, 5))
    repeated = [np.repeat(x.reshape(20, -1), times.ravel(), 0) for x in (labels, logits)]
    repeated = repeated[0][:, 0][None, None], repeated[1][None, None]
    for loss in (DiceLoss(), GeneralizedDiceLoss()):
        weighted = loss(labels, logits, times.astype("float32"))
        np.testing.assert_allclose(weighted, loss(*repeated), rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 4])
def test_generalized_dice_is_one_ratio_of_balanced_sums(rng, channels):
    labels = rng.choice([0, 1, 255], (2, 5, 7), p=[0.7, 0.1, 0.2]).astype("int32")
    logits = rng.normal(0, 2, (2, 5, 7, channels)).astype("float32")
    counted, hits, sizes = labels != 255, 0.0, 0.0
    for index in (0, 1):  # the other classes are absent
        p, y = softmax(logits)[..., index][counted], labels[counted] == index
        hits += (p * y).sum() / y.sum() ** 2
        sizes += (p.sum() + y.sum()) / y.sum() ** 2
    loss = GeneralizedDiceLoss()(labels, logits)
    np.testing.assert_allclose(loss, 1 - 2 * hits / sizes, rtol=1e-5)


def test_dice_of_one_class_takes_the_sigmoid(rng):
    labels = rng.integers(0, 2, (1, 3, 5)).astype("int32")
    logits = rng.normal(size=(1, 3, 5, 1)).astype("float32")
    p, y = foreground(logits)[..., 0], labels == 1
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
    weights = rng.uniform(0, 3, labels.shape).astype("float32")
    weighted = sum(float(loss(labels, logits, weights)) for loss in parts)
    np.testing.assert_allclose(float(total(labels, logits, weights)), weighted, rtol=1e-6)
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
