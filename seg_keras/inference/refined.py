"""Predicting with a CRF behind the model."""

import numpy as np

from seg_keras.inference.crf import DenseCRF
from seg_keras.inference.predictor import Predictor


class RefinedPredictor:
    """A callable from an image to class ids, as `Predictor` is, whose outlines follow the image.

    Args:
        predictor: Gives the logits.
        crf: Refines their probabilities.
    """

    def __init__(self, predictor: Predictor, crf: DenseCRF):
        self._predictor, self._crf = predictor, crf

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Class ids uint8 (H, W) of an image uint8 (H, W, 3) RGB."""
        return classes_of(self._crf(image, probabilities_of(self._predictor.logits(image))))


def probabilities_of(logits: np.ndarray) -> np.ndarray:
    """Softmax of logits (H, W, num_classes) over the classes; the sigmoid of a single one."""
    if logits.shape[-1] == 1:
        return 1 / (1 + np.exp(-logits))
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def classes_of(probabilities: np.ndarray) -> np.ndarray:
    """Class ids uint8 (H, W): the largest probability; a single one gives 1 where over 1/2."""
    if probabilities.shape[-1] == 1:
        return (probabilities[..., 0] > 0.5).astype("uint8")
    return probabilities.argmax(axis=-1).astype("uint8")
