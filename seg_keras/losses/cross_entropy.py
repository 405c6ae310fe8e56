"""Cross entropy per pixel with ignored pixels and class weights."""

from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class PixelCrossEntropy(keras.losses.Loss):
    """Mean cross entropy over the pixels that count.

    Without class weights it is the plain mean over those pixels, with weights the weighted mean
    (divided by the sum of their weights). A batch in which nothing counts gives 0.

    Args:
        class_weights: One weight per class, or None.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), integer.
        y_pred: Logits (B, H, W, num_classes); with one class, the logit of class 1 against 0.
        sample_weight: Further weights (B, H, W), which multiply each pixel's share of the mean.
    """

    def __init__(
        self,
        class_weights: Sequence[float] | None = None,
        ignore_label: int = 255,
        name: str = "pixel_cross_entropy",
    ):
        # Each pixel's term is already divided by what the mean divides by.
        super().__init__(name=name, reduction="sum", dtype="float32")
        self.class_weights = None if class_weights is None else [float(w) for w in class_weights]
        self.ignore_label = ignore_label

    def call(self, y_true, y_pred):
        labels = ops.cast(y_true, "int32")
        counts = ops.not_equal(labels, self.ignore_label)
        labels = ops.where(counts, labels, 0)
        weights = ops.cast(counts, y_pred.dtype)
        if self.class_weights is not None:
            weights *= ops.take(ops.convert_to_tensor(self.class_weights, y_pred.dtype), labels)
        if y_pred.shape[-1] == 1:
            targets = ops.cast(labels, y_pred.dtype)[..., None]
            entropy = ops.binary_crossentropy(targets, y_pred, from_logits=True)[..., 0]
        else:
            entropy = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=True)
        total = ops.sum(weights)
        return entropy * weights / ops.where(total > 0, total, 1.0)

    def get_config(self):
        return {
            "class_weights": self.class_weights,
            "ignore_label": self.ignore_label,
            "name": self.name,
        }
