"""Learning from hard pixels only, because the many easy ones drown them in a mean.

References: Shrivastava et al., "Training Region-based Object Detectors with Online Hard Example
Mining", CVPR 2016, https://arxiv.org/abs/1604.03540 (per pixel in Chen et al., "FasterSeg", ICLR
2020, https://arxiv.org/abs/1912.10917); Wu et al., "Bridging Category-level and Instance-level
Semantic Image Segmentation", 2016, section 3.2, https://arxiv.org/abs/1605.06885 and Pohlen et
al., "FRRN", CVPR 2017, equation 6, https://arxiv.org/abs/1611.08323 (the top K).
"""

import math
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

_NEVER = -1.0  # below every entropy: what ignored pixels are ranked by


@keras.saving.register_keras_serializable("seg_keras")
class OhemCrossEntropy(PixelLoss):
    """Mean cross entropy over the pixels of a batch whose label is not likely yet.

    Those are the pixels whose label has a probability below `threshold`; where they are too few,
    the ones of least probability. All pixels that count where even these are too few. 0 or more.

    Args:
        threshold: Probability of the label from which a pixel is easy, in (0, 1].
        min_share: Least share of the batch's pixels to learn from, in [0, 1]. FasterSeg: 1 / 16;
            BiSeNet's 100,000 pixels are about 1 / 80 of eight crops of 1024x1024.
        class_weights: One weight per class, or None; the mean is then the weighted mean.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred, sample_weight: As in `PixelLoss`; weights change the mean, not the choice.
    """

    def __init__(
        self,
        threshold: float = 0.7,
        min_share: float = 1 / 16,
        class_weights: Sequence[float] | None = None,
        ignore_label: int = 255,
        name: str = "ohem_cross_entropy",
    ):
        super().__init__(ignore_label, name)
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold is {threshold}. Give a probability above 0, at most 1.")
        if not 0 <= min_share <= 1:
            raise ValueError(f"min_share is {min_share}. Give a share from 0 to 1.")
        self.threshold = threshold
        self.min_share = min_share
        self.class_weights = plain_floats(class_weights)

    def measure(self, labels, logits, counts, weights):
        entropy = pixel_entropy(labels, logits)
        hardness = ops.stop_gradient(ops.where(counts, entropy, _NEVER))
        kept = hardness > -math.log(self.threshold)
        min_of_image = math.ceil(self.min_share * math.prod(logits.shape[1:3]))
        if min_of_image:
            min_kept = ops.shape(labels)[0] * min_of_image
            hardest = ops.top_k(ops.reshape(hardness, (-1,)), min_kept, sorted=False)[0]
            kept = ops.logical_or(kept, hardness >= ops.min(hardest))
        kept = ops.cast(ops.logical_and(kept, counts), "float32")
        kept *= weights_of_labels(self.class_weights, labels, logits.shape[-1])
        return divide(ops.sum(entropy * kept * weights), ops.sum(kept))

    def get_config(self):
        return {
            **super().get_config(),
            "threshold": self.threshold,
            "min_share": self.min_share,
            "class_weights": self.class_weights,
        }


@keras.saving.register_keras_serializable("seg_keras")
class BootstrappedCrossEntropy(PixelLoss):
    """Mean over images of the mean of each image's K largest cross entropies, 0 or more.

    Args:
        top_k: Pixels of an image to learn from; all that count where there are no more. FRRN:
            32,768; DeepLab: a quarter of the crop.
        class_weights: One weight per class, or None; the entropies are weighted before they are
            compared.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred, sample_weight: As in `PixelLoss`; the entropies are weighted before they
            are compared. Images in which nothing counts have no part in the mean.
    """

    def __init__(
        self,
        top_k: int = 32_768,
        class_weights: Sequence[float] | None = None,
        ignore_label: int = 255,
        name: str = "bootstrapped_cross_entropy",
    ):
        super().__init__(ignore_label, name)
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}. Give 1 pixel or more.")
        self.top_k = top_k
        self.class_weights = plain_floats(class_weights)

    def measure(self, labels, logits, counts, weights):
        weights = weights * weights_of_labels(self.class_weights, labels, logits.shape[-1])
        entropy = ops.where(counts, pixel_entropy(labels, logits) * weights, _NEVER)
        pixels = math.prod(logits.shape[1:3])
        entropy = ops.reshape(entropy, (-1, pixels))
        largest = ops.top_k(entropy, min(self.top_k, pixels), sorted=False)[0]
        chosen = ops.cast(largest >= 0, "float32")
        of_images = divide(ops.sum(largest * chosen, axis=1), ops.sum(chosen, axis=1))
        return divide(ops.sum(of_images), ops.sum(ops.max(chosen, axis=1)))

    def get_config(self):
        return {**super().get_config(), "top_k": self.top_k, "class_weights": self.class_weights}
