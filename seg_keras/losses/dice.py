"""Soft Dice: the overlap of probabilities and labels, every class as important as another.

Reference: Milletari et al., "V-Net", 3DV 2016, section 3, https://arxiv.org/abs/1606.04797
(there with squares in the denominator); Sudre et al., 2017, https://arxiv.org/abs/1707.03237
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("seg_keras")
class DiceLoss(keras.losses.Loss):
    """1 - mean over classes of (2 |p Y| + s) / (|p| + |Y| + s), over the pixels of the batch.

    It rewards what mean IoU measures, where cross entropy with class weights buys recall with
    precision; beside cross entropy it trains more steadily than alone. A batch in which nothing
    counts gives 0. In [0, 1].

    Args:
        smooth: The s above, in pixels.
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), integer; classes that are in none of them are left out.
        y_pred: Logits (B, H, W, num_classes); with one class, the logit of class 1 against 0.
    """

    def __init__(self, smooth: float = 1.0, ignore_label: int = 255, name: str = "dice"):
        super().__init__(name=name, reduction="sum", dtype="float32")
        self.smooth = smooth
        self.ignore_label = ignore_label

    def call(self, y_true, y_pred):
        labels = ops.cast(y_true, "int32")
        counts = ops.cast(ops.not_equal(labels, self.ignore_label), y_pred.dtype)[..., None]
        if y_pred.shape[-1] == 1:
            probabilities = ops.sigmoid(y_pred)
            targets = ops.cast(ops.equal(labels, 1), y_pred.dtype)[..., None]
        else:
            probabilities = ops.softmax(y_pred)
            targets = ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
        probabilities, targets = probabilities * counts, targets * counts
        overlap = ops.sum(probabilities * targets, axis=(0, 1, 2))
        labelled = ops.sum(targets, axis=(0, 1, 2))
        sizes = ops.sum(probabilities, axis=(0, 1, 2)) + labelled
        present = ops.cast(labelled > 0, y_pred.dtype)
        terms = 1 - (2 * overlap + self.smooth) / (sizes + self.smooth)
        return ops.sum(terms * present) / ops.maximum(ops.sum(present), 1)

    def get_config(self):
        return {"smooth": self.smooth, "ignore_label": self.ignore_label, "name": self.name}
