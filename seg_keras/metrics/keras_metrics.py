"""The scores of the confusion matrix as `keras.metrics.Metric`, to watch in `fit`."""

import keras
from keras import ops

# Counts are two 32-bit words, because JAX has no more: this many pixels carry one to the upper.
_WORD = 2**30


def _over_classes(part, whole):
    """Mean of part / whole (C,) over the classes where the whole is not 0."""
    present = ops.cast(whole > 0, "float32")
    return ops.sum(part / ops.maximum(whole, 1) * present) / ops.maximum(ops.sum(present), 1)


# Scores of the pixels (C,) that were hit, labelled so and predicted so.
SCORES = {
    "mean_iou": lambda hits, labelled, predicted: _over_classes(hits, labelled + predicted - hits),
    "mean_dice": lambda hits, labelled, predicted: _over_classes(2 * hits, labelled + predicted),
    "mean_pixel_accuracy": lambda hits, labelled, _: _over_classes(hits, labelled),
    "mean_precision": lambda hits, _, predicted: _over_classes(hits, predicted),
    "pixel_accuracy": lambda hits, labelled, _: ops.sum(hits) / ops.maximum(ops.sum(labelled), 1),
}


@keras.saving.register_keras_serializable("seg_keras")
class SegmentationScore(keras.metrics.Metric):
    """A score of `ConfusionMatrix`, over all batches since the last reset; absent classes skip.

    Args:
        num_classes: Channels of the logits; 1 means a sigmoid, scored as the classes 0 and 1.
        score: A name in `SCORES`, which is that in the report of `ConfusionMatrix`.
        ignore_label: Pixels with this label count nowhere. If it is one of the classes, such as 0,
            that class has no part in any mean.
        name: Name of the metric; that of the score if empty.

    Call arguments:
        y_true: Labels (B, H, W), integer. In a compiled step an unknown label cannot be
            reported; it counts nowhere.
        y_pred: Logits (B, H, W, num_classes).
        sample_weight: (B, H, W) or (B,); pixels with 0 do not count, all others once.

    Example:
        model.compile(loss=..., metrics={"logits": SegmentationScore(19)})
    """

    def __init__(
        self, num_classes: int, score: str = "mean_iou", ignore_label: int = 255, name: str = ""
    ):
        if score not in SCORES:
            raise ValueError(f"Unknown score {score!r}. Choose one of: {', '.join(SCORES)}.")
        super().__init__(name=name or score)
        self.num_classes = num_classes
        self.score = score
        self.ignore_label = ignore_label
        classes = max(num_classes, 2)
        self.counts = self.add_weight((2, classes, classes), "zeros", dtype="int32", name="counts")

    def update_state(self, y_true, y_pred, sample_weight=None):
        classes = max(self.num_classes, 2)
        labels = ops.cast(y_true, "int32")
        if self.num_classes == 1:
            predicted = ops.cast(y_pred[..., 0] > 0, "int32")
        else:
            predicted = ops.cast(ops.argmax(y_pred, axis=-1), "int32")
        counts = ops.logical_and(labels >= 0, labels < classes)
        counts = ops.logical_and(counts, ops.not_equal(labels, self.ignore_label))
        if sample_weight is not None:
            weights = ops.convert_to_tensor(sample_weight)
            if len(weights.shape) == 1:
                weights = weights[:, None, None]
            counts = ops.logical_and(counts, ops.not_equal(weights, 0))
        # Pixels that do not count go to an index of their own behind the others.
        index = ops.where(counts, labels * classes + predicted, classes * classes)
        ones = ops.ones((ops.size(index),), "int32")
        added = ops.segment_sum(ones, ops.reshape(index, (-1,)), classes * classes + 1)
        low = self.counts[1] + ops.reshape(added[:-1], (classes, classes))
        self.counts.assign(ops.stack([self.counts[0] + low // _WORD, low % _WORD]))

    def result(self):
        high, low = ops.cast(self.counts[0], "float32"), ops.cast(self.counts[1], "float32")
        counts = high * _WORD + low
        hits = ops.sum(counts * ops.eye(counts.shape[0]), axis=1)
        # An ignored class is labelled nowhere. Not predicted either, it is absent.
        known = ops.cast(ops.not_equal(ops.arange(counts.shape[0]), self.ignore_label), "float32")
        return SCORES[self.score](hits, ops.sum(counts, axis=1), known * ops.sum(counts, axis=0))

    def get_config(self):
        return {
            "num_classes": self.num_classes,
            "score": self.score,
            "ignore_label": self.ignore_label,
            "name": self.name,
        }
