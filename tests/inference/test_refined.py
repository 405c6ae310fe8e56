"""A CRF behind a model: classes of any logits, outlines that follow the image."""

import numpy as np
import pytest

from seg_keras.inference import DenseCRF, RefinedPredictor
from seg_keras.inference.refined import classes_of, probabilities_of

RNG = np.random.default_rng(2)


class Scripted:
    """Stands for a `Predictor` that always gives the same logits."""

    def __init__(self, logits):
        self._logits = logits

    def logits(self, image):
        return self._logits


def test_probabilities_sum_to_one_and_do_not_overflow():
    logits = RNG.normal(0, 400, (5, 7, 3)).astype("float32")
    probabilities = probabilities_of(logits)
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-6)
    np.testing.assert_array_equal(classes_of(probabilities), logits.argmax(-1))


def test_a_single_logit_is_decided_at_zero():
    logits = RNG.normal(0, 3, (5, 7, 1)).astype("float32")
    np.testing.assert_array_equal(classes_of(probabilities_of(logits)), logits[..., 0] > 0)


@pytest.mark.parametrize("num_classes", [1, 2])
def test_the_outline_moves_to_the_edge_of_the_image(num_classes):
    image = np.zeros((24, 40, 3), "uint8")
    image[:, 20:] = 200
    logits = np.where(np.arange(40) < 17, -1.0, 1.0)  # three pixels off
    logits = np.broadcast_to(logits[None, :, None], (24, 40, 1)).astype("float32")
    if num_classes == 2:
        logits = np.concatenate([-logits, logits], axis=-1) / 2
    refined = RefinedPredictor(Scripted(logits), DenseCRF(bilateral_xy=15.0))(image)
    assert refined.dtype == np.uint8
    np.testing.assert_array_equal(refined, np.broadcast_to(np.arange(40) >= 20, (24, 40)))


def test_without_a_pull_nothing_changes():
    logits = RNG.normal(0, 3, (9, 11, 4)).astype("float32")
    crf = DenseCRF(bilateral_weight=0, spatial_weight=0)
    image = RNG.integers(0, 256, (9, 11, 3), "uint8")
    np.testing.assert_array_equal(RefinedPredictor(Scripted(logits), crf)(image), logits.argmax(-1))
