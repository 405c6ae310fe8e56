"""Cross entropy per pixel with ignored pixels and class weights.

References: Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
section 3.3, https://arxiv.org/abs/1411.4038 (the sum over pixels); Szegedy et al., "Rethinking the
Inception Architecture", CVPR 2016, section 7, https://arxiv.org/abs/1512.00567 (label smoothing).
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

# What the sum over the pixels is divided by.
NORMALIZATIONS = {
    "weights": "the class weights of the pixels that count (their number, without class weights)",
    "counted": "the number of pixels that count",
    "all": "the number of pixels, ignored ones too",
    "none": "nothing (the first FCN, which learns at 1e-10)",
}


@keras.saving.register_keras_serializable("seg_keras")
class PixelCrossEntropy(PixelLoss):
    """Mean cross entropy over the pixels that count.

    Without class weights it is the plain mean over those pixels, with weights the weighted mean
    (divided by the sum of their weights). A batch in which nothing counts gives 0. 0 or more.

    Args:
        class_weights: One weight per class, or None.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.
        label_smoothing: Share of the target that is spread evenly over all classes, in [0, 1).
        normalization: What the sum is divided by: "weights", "counted", "all" or "none", see
            `NORMALIZATIONS`.

    Call arguments:
        y_true, y_pred: As in `PixelLoss`.
        sample_weight: Further weights (B, H, W), which multiply each pixel's share of the mean
            and do not change what it is divided by (U-Net's map of weights, for one).
    """

    def __init__(
        self,
        class_weights: Sequence[float] | None = None,
        ignore_label: int = 255,
        name: str = "pixel_cross_entropy",
        label_smoothing: float = 0.0,
        normalization: str = "weights",
    ):
        super().__init__(ignore_label, name)
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing is {label_smoothing}. Give 0 up to, not with, 1.")
        if normalization not in NORMALIZATIONS:
            raise ValueError(
                f"Unknown normalization {normalization!r}. Choose one of: "
                f"{', '.join(NORMALIZATIONS)}."
            )
        self.class_weights = plain_floats(class_weights)
        self.label_smoothing = label_smoothing
        self.normalization = normalization

    def measure(self, labels, logits, counts, weights):
        of_labels = weights_of_labels(self.class_weights, labels, logits.shape[-1])
        entropy = pixel_entropy(labels, logits)
        if self.label_smoothing:
            share = self.label_smoothing
            entropy = (1 - share) * entropy + share * _entropy_of_even_target(logits)
        total = ops.sum(entropy * weights * of_labels)
        counts = ops.cast(counts, "float32")
        if self.normalization == "weights":
            return divide(total, ops.sum(counts * of_labels))
        if self.normalization == "counted":
            return divide(total, ops.sum(counts))
        return (
            total / ops.cast(ops.size(labels), "float32") if self.normalization == "all" else total
        )

    def get_config(self):
        return {
            **super().get_config(),
            "class_weights": self.class_weights,
            "label_smoothing": self.label_smoothing,
            "normalization": self.normalization,
        }


def _entropy_of_even_target(logits):
    """Cross entropy (B, H, W) against a target in which every class is as likely."""
    if logits.shape[-1] == 1:
        logits = logits[..., 0]
        return -(ops.log_sigmoid(logits) + ops.log_sigmoid(-logits)) / 2
    return -ops.mean(ops.log_softmax(logits), axis=-1)
