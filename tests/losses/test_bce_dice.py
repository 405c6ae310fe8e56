"""BCE + Dice against the worked example and NumPy."""

import numpy as np
import pytest

from seg_keras.losses import BceDiceLoss
from tests.losses.references import softmax

BCE, POSITIVE_BCE, DICE = 0.265618, 0.209832, 0.836364


@pytest.mark.parametrize(
    ("printed_form", "expected"), [(False, BCE / 2 + 1 - DICE), (True, POSITIVE_BCE / 2 - DICE)]
)
def test_loss_of_the_worked_example(printed_form, expected):
    probabilities = np.array([0.9, 0.2, 0.6, 0.8])
    logits = np.log(probabilities / (1 - probabilities)).reshape(1, 1, 4, 1).astype("float32")
    loss = BceDiceLoss(smooth=0.0, printed_form=printed_form)
    np.testing.assert_allclose(loss(np.array([[[1, 0, 1, 1]]]), logits), expected, atol=1e-5)


def test_loss_is_the_mean_over_images_with_weighted_pixels(rng):
    labels = rng.choice([0, 1, 255], (3, 5, 7)).astype("int32")
    labels[0] = np.where(labels[0] == 1, 0, labels[0])  # nothing to find
    labels[2] = 255
    logits = rng.normal(0, 2, (3, 5, 7, 1)).astype("float32")
    weights = rng.uniform(0, 3, labels.shape).astype("float32")
    expected = []
    for image, scores, weight in zip(labels[:2], logits, weights, strict=False):
        counted = image != 255
        y, p, w = image[counted], softmax(scores)[..., 1][counted], weight[counted]
        bce = -(w * np.log(np.where(y == 1, p, 1 - p))).mean()
        dice = (2 * (w * p * y).sum() + 1) / ((w * p).sum() + (w * y).sum() + 1)
        expected.append(bce / 2 + 1 - dice)
    np.testing.assert_allclose(BceDiceLoss()(labels, logits, weights), np.mean(expected), rtol=1e-5)
