"""Focal loss against NumPy."""

import numpy as np
import pytest

from seg_keras.losses import FocalLoss, PixelCrossEntropy
from tests.losses.references import likelihoods

FOUR_PIXELS = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])


def test_loss_of_the_four_pixel_example():
    logits = np.log(FOUR_PIXELS)[None, None].astype("float32")
    loss = FocalLoss()(np.array([[[0, 1, 0, 1]]]), logits)
    np.testing.assert_allclose(loss, 0.752242, atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "alpha"), [(3, None), (3, [1.0, 3.0, 0.5]), (1, [0.75, 0.25])]
)
def test_sure_pixels_fade(rng, channels, alpha):
    labels = rng.choice([0, 1, 255], (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 2, (2, 5, 7, channels)).astype("float32")
    weights = rng.uniform(0, 3, labels.shape).astype("float32")
    counted = labels != 255
    p = likelihoods(labels, logits)
    of_pixels = weights[counted] * (1 if alpha is None else np.asarray(alpha)[labels[counted]])
    expected = -(of_pixels * (1 - p) ** 3 * np.log(p)).mean()
    loss = FocalLoss(3.0, alpha)(labels, logits, weights)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_gamma_zero_is_cross_entropy(rng):
    labels = rng.integers(0, 3, (2, 5, 7)).astype("int32")
    logits = rng.normal(0, 2, (2, 5, 7, 3)).astype("float32")
    np.testing.assert_allclose(
        FocalLoss(0.0)(labels, logits), PixelCrossEntropy()(labels, logits), rtol=1e-6
    )
