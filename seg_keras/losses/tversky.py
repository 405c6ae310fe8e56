"""Tversky loss: an overlap that tells how much worse a miss is than a false alarm.

Reference: Salehi et al., "Tversky Loss Function for Image Segmentation Using 3D Fully
Convolutional Deep Networks", MLMI 2017, equation 3, https://arxiv.org/abs/1706.05721
"""

import keras

from seg_keras.losses.pixel_loss import PixelLoss, divide
from seg_keras.losses.region import (
    check_classes,
    flat_units,
    mean_over_classes,
    overlaps,
    probabilities_and_targets,
)


@keras.saving.register_keras_serializable("seg_keras")
class TverskyLoss(PixelLoss):
    """1 - mean over classes of (TP + s) / (TP + alpha FP + beta FN + s), soft counts of a batch.

    With beta above alpha, small structures are found at the price of false alarms. Both 0.5 give
    Dice, both 1 the soft Jaccard index (IoU). In [0, 1].

    Args:
        alpha: Weight of pixels that are wrongly given to a class.
        beta: Weight of pixels that are missed.
        smooth: The s above, in pixels; half of that of Dice.
        per_image: Whether each image has an index of its own, of which the mean is taken.
        classes: "present" for the mean over classes that are labelled, or "all".
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred: As in `PixelLoss`. A single logit is one class; background is none.
        sample_weight: (B, H, W), how many pixels a pixel stands for in the sums.
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        smooth: float = 0.0,
        per_image: bool = False,
        classes: str = "present",
        ignore_label: int = 255,
        name: str = "tversky",
    ):
        super().__init__(ignore_label, name)
        self.alpha = alpha
        self.beta = beta
        self.smooth = smooth
        self.per_image = per_image
        self.classes = check_classes(classes)

    def measure(self, labels, logits, counts, weights):
        probabilities, targets = probabilities_and_targets(labels, logits)
        hits, predicted, labelled = overlaps(probabilities, targets, weights, self.per_image)
        wrong = self.alpha * (predicted - hits) + self.beta * (labelled - hits)
        index = divide(hits + self.smooth, hits + wrong + self.smooth)
        counts = flat_units(counts[..., None], self.per_image)
        return mean_over_classes(1 - index, labelled, counts, self.classes)

    def get_config(self):
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "smooth": self.smooth,
            "per_image": self.per_image,
            "classes": self.classes,
        }
