"""Soft Dice: the overlap of probabilities and labels, every class as important as another.

References: Milletari et al., "V-Net", 3DV 2016, section 3, https://arxiv.org/abs/1606.04797
(there with squares in the denominator); Sudre et al., "Generalised Dice Overlap", 2017, section
2.1, https://arxiv.org/abs/1707.03237
"""

import keras
from keras import ops

from seg_keras.losses.pixel_loss import PixelLoss, divide
from seg_keras.losses.region import (
    check_classes,
    flat_units,
    mean_over_classes,
    overlaps,
    probabilities_and_targets,
)


@keras.saving.register_keras_serializable("seg_keras")
class DiceLoss(PixelLoss):
    """1 - mean over classes of (2 |p Y| + s) / (|p| + |Y| + s), over the pixels of the batch.

    It rewards what mean IoU measures, where cross entropy with class weights buys recall with
    precision; beside cross entropy it trains more steadily than alone. A batch in which nothing
    counts gives 0. In [0, 1].

    Args:
        smooth: The s above, in pixels.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.
        squared: Whether |p| is the sum of squares, as in V-Net.
        per_image: Whether each image has a Dice of its own, of which the mean is taken.
        classes: "present" for the mean over classes that are labelled, or "all".

    Call arguments:
        y_true, y_pred: As in `PixelLoss`. A single logit is one class; background is none.
        sample_weight: (B, H, W), how many pixels a pixel stands for in the sums.
    """

    def __init__(
        self,
        smooth: float = 1.0,
        ignore_label: int = 255,
        name: str = "dice",
        squared: bool = False,
        per_image: bool = False,
        classes: str = "present",
    ):
        super().__init__(ignore_label, name)
        self.smooth = smooth
        self.squared = squared
        self.per_image = per_image
        self.classes = check_classes(classes)

    def measure(self, labels, logits, counts, weights):
        probabilities, targets = probabilities_and_targets(labels, logits)
        power = 2 if self.squared else 1
        hits, predicted, labelled = overlaps(probabilities, targets, weights, self.per_image, power)
        dice = divide(2 * hits + self.smooth, predicted + labelled + self.smooth)
        counts = flat_units(counts[..., None], self.per_image)
        return mean_over_classes(1 - dice, labelled, counts, self.classes)

    def get_config(self):
        return {
            **super().get_config(),
            "smooth": self.smooth,
            "squared": self.squared,
            "per_image": self.per_image,
            "classes": self.classes,
        }


@keras.saving.register_keras_serializable("seg_keras")
class GeneralizedDiceLoss(PixelLoss):
    """1 - 2 sum(w |p Y|) / sum(w (|p| + |Y|)) with w = 1 / |Y|^2: one Dice of all classes.

    The sums go over classes; the weights make a class of ten pixels count as much as one of a
    million. Classes that no pixel of the batch has are left out. In [0, 1].

    Args:
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred: As in `PixelLoss`. A single logit is two classes, as in the paper.
        sample_weight: (B, H, W), how many pixels a pixel stands for in the sums.
    """

    def __init__(self, ignore_label: int = 255, name: str = "generalized_dice"):
        super().__init__(ignore_label, name)

    def measure(self, labels, logits, counts, weights):
        probabilities, targets = probabilities_and_targets(labels, logits)
        if logits.shape[-1] == 1:
            probabilities = ops.concatenate([1 - probabilities, probabilities], axis=-1)
            targets = ops.concatenate([1 - targets, targets], axis=-1)
        hits, predicted, labelled = overlaps(probabilities, targets, weights, per_image=False)
        balance = divide(1.0, labelled) ** 2
        total = ops.sum(balance * (predicted + labelled))
        present = ops.cast(total > 0, "float32")
        return present - divide(2 * ops.sum(balance * hits), total)
