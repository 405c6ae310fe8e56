"""Binary cross entropy and Dice together, each image on its own.

Reference: Zhou et al., "UNet++: A Nested U-Net Architecture for Medical Image Segmentation",
DLMIA 2018, section 3.3, https://arxiv.org/abs/1807.10165
"""

import keras
from keras import ops

from seg_keras.losses.pixel_loss import PixelLoss, divide, pixel_entropy
from seg_keras.losses.region import overlaps, probabilities_and_targets


@keras.saving.register_keras_serializable("seg_keras")
class BceDiceLoss(PixelLoss):
    """Mean over images of 0.5 BCE + (1 - Dice), for one logit a pixel. 0 or more.

    With several outputs (deep supervision), each has it with the weight 1 / their number.

    Args:
        smooth: Added to the numerator and denominator of Dice, in pixels.
        printed_form: Whether to use the paper's formula to the letter: the cross entropy of
            foreground pixels only, and -Dice for 1 - Dice; it is then negative.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), 0 or 1. Images in which nothing counts have no part in the mean.
        y_pred: Logits (B, H, W, 1) of class 1.
        sample_weight: (B, H, W), how much a pixel counts in the entropy's sum and in Dice.
    """

    def __init__(
        self,
        smooth: float = 1.0,
        printed_form: bool = False,
        ignore_label: int = 255,
        name: str = "bce_dice",
    ):
        super().__init__(ignore_label, name)
        self.smooth = smooth
        self.printed_form = printed_form

    def measure(self, labels, logits, counts, weights):
        if logits.shape[-1] != 1:
            raise ValueError(
                f"BCE + Dice is for one logit a pixel, got {logits.shape[-1]}. Build the model "
                f"with num_classes=1, or add up PixelCrossEntropy and DiceLoss."
            )
        probabilities, targets = probabilities_and_targets(labels, logits)
        hits, predicted, labelled = overlaps(probabilities, targets, weights, per_image=True)
        dice = divide(2 * hits + self.smooth, predicted + labelled + self.smooth)[:, 0]
        entropy = weights * pixel_entropy(labels, logits)
        if self.printed_form:
            entropy *= targets[..., 0]
        counted = ops.sum(ops.cast(counts, "float32"), axis=(1, 2))
        of_images = divide(ops.sum(entropy, axis=(1, 2)), counted) / 2
        of_images += -dice if self.printed_form else 1 - dice
        has_pixels = ops.cast(counted > 0, "float32")
        return divide(ops.sum(of_images * has_pixels), ops.sum(has_pixels))

    def get_config(self):
        return {
            **super().get_config(),
            "smooth": self.smooth,
            "printed_form": self.printed_form,
        }
