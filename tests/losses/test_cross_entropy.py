"""The loss and its class weights against a few lines of NumPy."""

import keras
import numpy as np
import pytest

from seg_keras.losses import PixelCrossEntropy, enet_weights, median_frequency_weights

NUM_CLASSES = 4


@pytest.fixture
def batch(rng):
    """Odd-sized labels with ignored pixels and without class 2, and logits of any size."""
    labels = rng.choice([0, 1, 3, 255], (2, 5, 7))
    return labels.astype("int32"), rng.normal(0, 3, (2, 5, 7, NUM_CLASSES)).astype("float32")


def reference(labels, logits, weights=None, extra=1.0):
    counted = labels != 255
    classes = np.where(counted, labels, 0)
    shifted = logits - logits.max(-1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    entropy = -np.take_along_axis(log_softmax, classes[..., None], -1)[..., 0]
    pixel_weights = counted * (1.0 if weights is None else np.asarray(weights)[classes])
    return (entropy * pixel_weights * extra).sum() / pixel_weights.sum()


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 5.0, 0.5]])
def test_loss_is_the_weighted_mean_over_counted_pixels(batch, weights):
    np.testing.assert_allclose(
        PixelCrossEntropy(weights)(*batch), reference(*batch, weights), rtol=1e-5
    )


def test_ignored_pixels_change_nothing(batch):
    labels, logits = batch
    changed = np.where((labels == 255)[..., None], 99.0, logits).astype("float32")
    loss = PixelCrossEntropy()
    np.testing.assert_allclose(loss(labels, changed), loss(labels, logits), rtol=1e-6)


def test_a_batch_without_counted_pixels_gives_zero_and_no_gradient(batch):
    import tensorflow as tf

    logits = tf.Variable(batch[1])
    with tf.GradientTape() as tape:
        loss = PixelCrossEntropy([1.0] * NUM_CLASSES)(np.full((2, 5, 7), 255), logits)
    assert float(loss) == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, logits), np.zeros_like(batch[1]))


def test_sample_weights_multiply_the_share_of_each_pixel(batch, rng):
    extra = rng.uniform(0, 3, batch[0].shape).astype("float32")
    loss = PixelCrossEntropy([1.0, 2.0, 5.0, 0.5])(*batch, sample_weight=extra)
    np.testing.assert_allclose(loss, reference(*batch, [1.0, 2.0, 5.0, 0.5], extra), rtol=1e-5)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 5.0, 0.5]])
def test_smoothed_target_gives_every_class_a_share(batch, weights):
    labels, logits = batch
    smoothed = 0.0
    for index in range(NUM_CLASSES):
        target = np.where(labels == 255, 255, index)
        share = 0.8 * (labels == index) + 0.2 / NUM_CLASSES
        of_label = 1.0 if weights is None else np.take(weights, np.where(labels == 255, 0, labels))
        pixels = reference(target, logits, extra=share * of_label) * (labels != 255).sum()
        smoothed += pixels / ((labels != 255) * of_label).sum()
    loss = PixelCrossEntropy(weights, label_smoothing=0.2)(labels, logits)
    np.testing.assert_allclose(loss, smoothed, rtol=1e-5)


@pytest.mark.parametrize("normalization", ["counted", "all", "none"])
def test_sum_is_divided_as_asked(batch, normalization):
    labels, logits = batch
    weights = [1.0, 2.0, 5.0, 0.5]
    counted = labels != 255
    total = reference(labels, logits, weights) * np.take(weights, labels[counted]).sum()
    divisor = {"counted": counted.sum(), "all": labels.size, "none": 1}[normalization]
    loss = PixelCrossEntropy(weights, normalization=normalization)(labels, logits)
    np.testing.assert_allclose(loss, total / divisor, rtol=1e-5)


def test_smoothed_one_logit_is_two_smoothed_classes(rng):
    labels = rng.choice([0, 1, 255], (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 3, (2, 5, 7, 1)).astype("float32")
    two = np.concatenate([np.zeros_like(logits), logits], -1)
    loss = PixelCrossEntropy(label_smoothing=0.3)
    np.testing.assert_allclose(loss(labels, logits), loss(labels, two), rtol=1e-5)


def test_one_logit_is_class_one_against_class_zero(rng):
    labels = rng.choice([0, 1, 255], (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 3, (2, 5, 7, 1)).astype("float32")
    two = np.concatenate([np.zeros_like(logits), logits], -1)
    np.testing.assert_allclose(
        PixelCrossEntropy()(labels, logits), reference(labels, two), rtol=1e-5
    )


def test_loss_is_computed_in_float32_for_half_logits(batch):
    labels, logits = batch
    halves = keras.ops.cast(logits, "float16")
    assert keras.backend.standardize_dtype(PixelCrossEntropy()(labels, halves).dtype) == "float32"


def test_loss_survives_its_config(batch):
    loss = PixelCrossEntropy([1.0, 2.0, 5.0, 0.5], ignore_label=3)
    again = PixelCrossEntropy.from_config(loss.get_config())
    labels = np.where(batch[0] == 255, 3, batch[0])
    np.testing.assert_allclose(again(labels, batch[1]), loss(labels, batch[1]))


def test_class_weights_of_the_worked_example():
    pixels, pixels_of_images = [900, 90, 10], [1000, 600, 200]
    np.testing.assert_allclose(
        median_frequency_weights(pixels, pixels_of_images), [0.166667, 1, 3], rtol=1e-5
    )
    np.testing.assert_allclose(enet_weights(pixels), [1.53298, 9.58221, 33.83087], rtol=1e-5)


def test_an_absent_class_has_no_part_in_the_median_and_no_infinite_weight():
    weights = median_frequency_weights([900, 0, 90, 10], [1000, 0, 600, 200])
    np.testing.assert_allclose(weights, [0.166667, 0, 1, 3], rtol=1e-5)
    assert np.isfinite(enet_weights([900, 0, 100])).all()


def test_weights_are_finite_without_a_labelled_pixel():
    np.testing.assert_array_equal(median_frequency_weights([0, 0], [0, 0]), 0)
    np.testing.assert_allclose(enet_weights([0, 0]), 1 / np.log(1.02), rtol=1e-5)
