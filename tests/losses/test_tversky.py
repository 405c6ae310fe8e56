"""Tversky loss against NumPy, and the losses that it contains."""

import numpy as np
import pytest

from seg_keras.losses import DiceLoss, TverskyLoss
from tests.losses.references import mean_over_units, tversky


@pytest.fixture(params=[1, 4])
def batch(request, rng):
    labels = rng.choice([0, 1, 255], (2, 5, 7)).astype("int32")
    return labels, rng.normal(0, 2, (2, 5, 7, request.param)).astype("float32")


@pytest.mark.parametrize("classes", ["present", "all"])
@pytest.mark.parametrize("per_image", [False, True])
def test_misses_and_false_alarms_have_their_weights(batch, classes, per_image):
    expected = mean_over_units(*batch, tversky(0.2, 0.9, 0.5), per_image, classes=classes)
    loss = TverskyLoss(0.2, 0.9, 0.5, per_image, classes)(*batch)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_by_default_a_miss_is_worse_than_a_false_alarm(batch):
    np.testing.assert_allclose(
        TverskyLoss()(*batch), mean_over_units(*batch, tversky(), False), rtol=1e-5
    )


def test_halves_give_dice_and_ones_the_soft_iou(batch):
    np.testing.assert_allclose(
        TverskyLoss(0.5, 0.5, smooth=0.5)(*batch), DiceLoss(smooth=1.0)(*batch), rtol=1e-5
    )

    def soft_iou(p, y, w):
        return 1 - (p * y).sum() / (p.sum() + y.sum() - (p * y).sum())

    expected = mean_over_units(*batch, soft_iou, False)
    np.testing.assert_allclose(TverskyLoss(1.0, 1.0)(*batch), expected, rtol=1e-5)
