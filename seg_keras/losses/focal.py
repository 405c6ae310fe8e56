"""Focal loss: cross entropy in which a pixel counts less the surer the model is of its label.

Reference: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5,
https://arxiv.org/abs/1708.02002
"""

from collections.abc import Sequence

import keras
from keras import ops

from seg_keras.losses.pixel_loss import (
    PixelLoss,
    divide,
    pixel_entropy,
    plain_floats,
    weights_of_labels,
)

_LEAST_DOUBT = 1e-7  # keeps the slope of a power below 1 finite where p is 1


@keras.saving.register_keras_serializable("seg_keras")
class FocalLoss(PixelLoss):
    """Mean of -alpha (1 - p)^gamma log p over the pixels that count, p that of the label.

    0 or more, and with alphas of at most 1 no more than the cross entropy.

    Args:
        gamma: How fast sure pixels fade, 0 or more; 0 gives cross entropy.
        class_weights: The paper's alpha of each class, or None. For a single logit its 0.25 is
            [0.75, 0.25]. Unlike in `PixelCrossEntropy` they do not change the divisor.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred, sample_weight: As in `PixelLoss`; weights do not change the divisor.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        class_weights: Sequence[float] | None = None,
        ignore_label: int = 255,
        name: str = "focal",
    ):
        super().__init__(ignore_label, name)
        if gamma < 0:
            raise ValueError(f"gamma is {gamma}. Give 0 or more.")
        self.gamma = gamma
        self.class_weights = plain_floats(class_weights)

    def measure(self, labels, logits, counts, weights):
        entropy = pixel_entropy(labels, logits)
        doubt = ops.maximum(-ops.expm1(-entropy), _LEAST_DOUBT)  # 1 - p without cancellation
        weights = weights * weights_of_labels(self.class_weights, labels, logits.shape[-1])
        total = ops.sum(weights * doubt**self.gamma * entropy)
        return divide(total, ops.sum(ops.cast(counts, "float32")))

    def get_config(self):
        return {
            **super().get_config(),
            "gamma": self.gamma,
            "class_weights": self.class_weights,
        }
