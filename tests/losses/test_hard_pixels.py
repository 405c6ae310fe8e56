"""Losses of hard pixels against sorted NumPy arrays."""

import numpy as np
import pytest

from seg_keras.losses import BootstrappedCrossEntropy, OhemCrossEntropy, PixelCrossEntropy
from tests.losses.references import likelihoods


@pytest.fixture
def batch(rng):
    """Labels (2, 9, 11) with a third ignored, and logits of three classes."""
    labels = rng.choice([0, 1, 2, 255], (2, 9, 11), p=[0.3, 0.2, 0.2, 0.3]).astype("int32")
    return labels, rng.normal(0, 2, (2, 9, 11, 3)).astype("float32")


@pytest.mark.parametrize(
    ("threshold", "min_share"),
    [
        (0.7, 0.0),  # the threshold alone
        (0.7, 1 / 16),  # more pixels are below it than asked for
        (0.001, 1 / 4),  # fewer are: the hardest fill up
        (0.001, 1.0),  # fewer pixels count than are asked for: all of them
        (1.0, 0.0),
    ],
)
def test_ohem_is_the_mean_over_unlikely_labels_or_the_least_likely(batch, threshold, min_share):
    likely = np.sort(likelihoods(*batch))
    min_kept = 2 * int(np.ceil(min_share * 9 * 11))
    kept = likely[: max(min_kept, (likely < threshold).sum())]
    loss = OhemCrossEntropy(threshold, min_share)(*batch)
    np.testing.assert_allclose(loss, -np.log(kept).mean(), rtol=1e-5)


def test_ohem_with_all_pixels_is_cross_entropy_also_with_class_weights(batch):
    weights = [1.0, 4.0, 0.5]
    loss = OhemCrossEntropy(threshold=1.0, class_weights=weights)(*batch)
    np.testing.assert_allclose(loss, PixelCrossEntropy(weights)(*batch), rtol=1e-5)


def test_ohem_weights_change_the_mean_but_not_the_choice(batch, rng):
    weights = rng.uniform(0, 3, batch[0].shape).astype("float32")
    likely, weight = likelihoods(*batch), weights[batch[0] != 255]
    kept = likely < 0.5
    expected = (-np.log(likely) * weight)[kept].sum() / kept.sum()
    loss = OhemCrossEntropy(0.5, 0.0)(*batch, weights)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_ohem_learns_nothing_from_easy_pixels(batch):
    import tensorflow as tf

    logits = tf.Variable(batch[1])
    with tf.GradientTape() as tape:
        loss = OhemCrossEntropy(0.5, 0.0)(batch[0], logits)
    moved = np.abs(tape.gradient(loss, logits)).sum(-1) > 0
    hard = np.zeros(batch[0].shape, bool)
    hard[batch[0] != 255] = likelihoods(*batch) < 0.5
    np.testing.assert_array_equal(moved, hard)


@pytest.mark.parametrize("top_k", [1, 10, 10**6])
def test_bootstrapped_is_the_mean_of_each_image_s_largest(batch, top_k):
    of_images = [
        np.sort(-np.log(likelihoods(labels, logits)))[::-1][:top_k].mean()
        for labels, logits in zip(*batch, strict=True)
    ]
    loss = BootstrappedCrossEntropy(top_k)(*batch)
    np.testing.assert_allclose(loss, np.mean(of_images), rtol=1e-5)


def test_bootstrapped_ignores_images_without_labels(batch):
    labels, logits = batch
    labels[0] = 255
    loss = BootstrappedCrossEntropy(10)
    np.testing.assert_allclose(loss(labels, logits), loss(labels[1:], logits[1:]), rtol=1e-6)


def test_bootstrapped_weighs_before_it_compares(batch, rng):
    weights = rng.uniform(0, 3, batch[0].shape).astype("float32")
    of_classes = np.array([1.0, 4.0, 0.5])
    expected = []
    for labels, logits, weight in zip(*batch, weights, strict=True):
        counted = labels != 255
        entropy = -np.log(likelihoods(labels, logits)) * weight[counted]
        expected.append(np.sort(entropy * of_classes[labels[counted]])[::-1][:10].mean())
    loss = BootstrappedCrossEntropy(10, of_classes)(*batch, weights)
    np.testing.assert_allclose(loss, np.mean(expected), rtol=1e-5)


@pytest.mark.parametrize("loss", [OhemCrossEntropy(0.5, 1 / 8), BootstrappedCrossEntropy(10)])
def test_one_logit_counts_like_two(rng, loss):
    labels = rng.choice([0, 1, 255], (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 2, (2, 5, 7, 1)).astype("float32")
    two = np.concatenate([np.zeros_like(logits), logits], -1)
    np.testing.assert_allclose(loss(labels, logits), loss(labels, two), rtol=1e-5)
