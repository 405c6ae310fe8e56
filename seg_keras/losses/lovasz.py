"""Lovász losses: the IoU itself as a loss, made continuous between whole pixels.

The Jaccard loss 1 - IoU is defined for sets of wrong pixels. Its Lovász extension gives it a value
for any vector of errors in [0, 1], the same one where all errors are 0 or 1, and is convex.

References: Berman et al., "The Lovász-Softmax loss", CVPR 2018, equations 8 to 12,
https://arxiv.org/abs/1705.08790; Yu and Blaschko, "Learning Submodular Losses with the Lovász
Hinge", ICML 2015.
"""

import keras
from keras import ops

from seg_keras.losses.pixel_loss import PixelLoss
from seg_keras.losses.region import (
    check_classes,
    flat_units,
    mean_over_classes,
    probabilities_and_targets,
)


@keras.saving.register_keras_serializable("seg_keras")
class LovaszSoftmaxLoss(PixelLoss):
    """Mean over classes of the Lovász extension of 1 - IoU, over the pixels of the batch.

    Sorting all pixels of each class costs time and memory; it is at its best in the last epochs
    after cross entropy, or beside it. In [0, 1].

    Args:
        per_image: Whether each image has a loss of its own, of which the mean is taken.
        classes: "present" for the mean over classes that are labelled, or "all".
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true, y_pred: As in `PixelLoss`. A single logit is one class; background is none.
        sample_weight: (B, H, W), how many pixels a pixel stands for in the IoU.
    """

    def __init__(
        self,
        per_image: bool = False,
        classes: str = "present",
        ignore_label: int = 255,
        name: str = "lovasz_softmax",
    ):
        super().__init__(ignore_label, name)
        self.per_image = per_image
        self.classes = check_classes(classes)

    def measure(self, labels, logits, counts, weights):
        probabilities, targets = probabilities_and_targets(labels, logits)
        errors = ops.abs(targets - probabilities)
        errors, targets, weights, counts = (
            flat_units(x, self.per_image)
            for x in (errors, targets, weights[..., None], counts[..., None])
        )
        labelled = ops.sum(targets * weights, axis=1)
        losses = lovasz_extension(errors, targets, weights)
        return mean_over_classes(losses, labelled, counts, self.classes)

    def get_config(self):
        return {**super().get_config(), "per_image": self.per_image, "classes": self.classes}


@keras.saving.register_keras_serializable("seg_keras")
class LovaszHingeLoss(PixelLoss):
    """Lovász extension of 1 - IoU of class 1, with the margins of one logit as the errors.

    The error of a pixel is 1 - z for foreground and 1 + z for background, and at least 0. Without
    any foreground it is the error of the worst pixel. 0 or more.

    Args:
        per_image: Whether each image has a loss of its own, of which the mean is taken.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), 0 or 1.
        y_pred: Logits (B, H, W, 1) of class 1.
        sample_weight: (B, H, W), how many pixels a pixel stands for in the IoU.
    """

    def __init__(
        self, per_image: bool = False, ignore_label: int = 255, name: str = "lovasz_hinge"
    ):
        super().__init__(ignore_label, name)
        self.per_image = per_image

    def measure(self, labels, logits, counts, weights):
        if logits.shape[-1] != 1:
            raise ValueError(
                f"The Lovász hinge is for one logit a pixel, got {logits.shape[-1]}. Build the "
                f"model with num_classes=1, or take LovaszSoftmaxLoss."
            )
        targets = ops.cast(ops.equal(labels, 1), "float32")[..., None]
        errors = ops.relu(1 - logits * (2 * targets - 1))
        errors, targets, weights, counts = (
            flat_units(x, self.per_image)
            for x in (errors, targets, weights[..., None], counts[..., None])
        )
        losses = lovasz_extension(errors, targets, weights)
        return mean_over_classes(losses, losses, counts, "all")

    def get_config(self):
        return {**super().get_config(), "per_image": self.per_image}


def lovasz_extension(errors, targets, weights):
    """The Lovász extension of 1 - IoU at a vector of errors, for each unit and class.

    Args:
        errors: Of each pixel (U, N, C), 0 or more.
        targets: 1 where a pixel is of the class, else 0, (U, N, C).
        weights: How many pixels each stands for, (U, N, 1); 0 takes it out.

    Returns:
        float32 (U, C). Gradients flow through the errors only.
    """
    weights = ops.broadcast_to(weights, ops.shape(targets))
    # Sorting is along the last axis: (U, C, N).
    errors, targets, weights = (ops.transpose(x, (0, 2, 1)) for x in (errors, targets, weights))
    errors, order = ops.top_k(errors, ops.shape(errors)[-1])
    inside = ops.take_along_axis(targets * weights, order, axis=-1)
    outside = ops.take_along_axis((1 - targets) * weights, order, axis=-1)

    # What each pixel adds to 1 - IoU once it is wrong, after all pixels of larger error. Written
    # out; as a difference of two IoUs it would drown in rounding among a million pixels.
    total = ops.sum(inside, axis=-1, keepdims=True)
    intersection = total - ops.cumsum(inside, axis=-1)
    spill = ops.cumsum(outside, axis=-1)
    union, union_before = total + spill, total + (spill - outside)
    from_inside = inside / ops.where(union > 0, union, 1.0)
    from_outside = outside * intersection / ops.where(union_before > 0, union * union_before, 1.0)
    # Without a pixel of the class, the first wrong one takes the IoU from 1 to 0.
    first = ops.logical_and(union_before <= 0, outside > 0)
    added = from_inside + ops.where(first, 1.0, from_outside)
    return ops.sum(errors * ops.stop_gradient(added), axis=-1)
