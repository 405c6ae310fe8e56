"""What all losses share: ignored pixels, weights per pixel, one logit or several, float32."""

import keras
import numpy as np
from keras import ops


class PixelLoss(keras.losses.Loss):
    """A loss of label maps, to derive from with a `measure`.

    It is one number for a batch, in float32 also for half-precision logits. Pixels with the
    ignored label change neither its value nor its gradient; a batch of nothing else gives 0.

    Args:
        ignore_label: Label of the pixels that do not count; may be 0, or no class at all.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), integer.
        y_pred: Logits (B, H, W, num_classes); with one class, the logit of class 1 against 0. Of
            logits at a stride k, (B, ceil(H / k), ceil(W / k), num_classes), each is compared
            with the label at its corner: with every k-th one.
        sample_weight: How much each pixel counts, (B, H, W), or each image, (B,); None for all
            the same.

    Raises:
        ValueError: If the shapes do not fit, or (not in a compiled step, where labels have no
            values yet) a label is neither a class nor ignored.
    """

    labels_are_classes = True  # of the logits; otherwise they are not checked against them

    def __init__(self, ignore_label: int = 255, name: str = "pixel_loss"):
        super().__init__(name=name, reduction="mean", dtype="float32")
        self.ignore_label = ignore_label

    def __call__(self, y_true, y_pred, sample_weight=None):
        # Keras would multiply the weights with what `call` gives, which is too late for an overlap
        # or a choice of pixels. Packed with the labels they get there.
        if sample_weight is None:
            sample_weight = ops.ones_like(y_true, "float32")
        return super().__call__((y_true, sample_weight), y_pred)

    def call(self, y_true, y_pred):
        labels, weights = y_true
        if len(labels.shape) != 3 or len(y_pred.shape) != 4:
            raise ValueError(
                f"Got labels {tuple(labels.shape)} and logits {tuple(y_pred.shape)}, expected "
                f"(B, H, W) and (B, H, W, num_classes). Remove the labels' last axis if it is 1."
            )
        if len(weights.shape) not in (1, 3):
            raise ValueError(
                f"Got sample_weight {tuple(weights.shape)}, expected (B, H, W) or (B,). Remove its "
                f"last axis if it is 1."
            )
        if len(weights.shape) == 1:
            weights = ops.broadcast_to(weights[:, None, None], ops.shape(labels))
        stride = label_stride(labels.shape[1:], y_pred.shape[1:3])
        labels = ops.cast(labels[:, ::stride, ::stride], "int32")
        counts = ops.not_equal(labels, self.ignore_label)
        labels = ops.where(counts, labels, 0)
        weights = ops.where(counts, weights[:, ::stride, ::stride], 0.0)
        if self.labels_are_classes:
            refuse_unknown(labels, max(y_pred.shape[-1], 2), self.ignore_label)
        # One value in a tensor: of a bare number Keras does not take the mean over the replicas
        # of a distributed step.
        return ops.reshape(self.measure(labels, y_pred, counts, weights), (1,))

    def measure(self, labels, logits, counts, weights):
        """The loss of a batch.

        Args:
            labels: Class ids (B, h, w) int32, 0 where a pixel does not count.
            logits: (B, h, w, num_classes).
            counts: bool (B, h, w).
            weights: float32 (B, h, w), 0 where a pixel does not count.
        """
        raise NotImplementedError

    def get_config(self):
        return {"ignore_label": self.ignore_label, "name": self.name}


def label_stride(labels_size: tuple[int, int], logits_size: tuple[int, int]) -> int:
    """How many labels there are to a logit in height and width; 1 for sizes not known yet.

    Raises:
        ValueError: If the logits are not the labels' size divided by a whole number, rounded up.
    """
    if None in (*labels_size, *logits_size):
        return 1
    for stride in range(1, labels_size[0] + 1):
        if tuple(-(-length // stride) for length in labels_size) == tuple(logits_size):
            return stride
    raise ValueError(
        f"Labels of {labels_size[0]}x{labels_size[1]} pixels do not fit logits of "
        f"{logits_size[0]}x{logits_size[1]}. Resize the logits to the labels, or crop the labels "
        f"of a model that gives fewer pixels than it takes."
    )


def refuse_unknown(labels, num_classes: int, ignore_label: int) -> None:
    """Raises ValueError if a label (B, H, W) is no class; not while a graph is traced."""
    try:
        values = np.asarray(labels)
    except (NotImplementedError, TypeError):  # of TensorFlow and JAX: no values yet
        return
    unknown = np.unique(values[(values < 0) | (values >= num_classes)])
    if unknown.size:
        raise ValueError(
            f"labels hold {', '.join(str(label) for label in unknown[:8])}, expected ids from 0 to "
            f"{num_classes - 1} or {ignore_label} to ignore. Map the files' ids to training ids."
        )


def pixel_entropy(labels, logits):
    """Cross entropy of each pixel.

    Args:
        labels: Class ids (B, H, W) int32.
        logits: (B, H, W, num_classes); with one class, the logit of class 1 against 0.

    Returns:
        (B, H, W), -log of the probability of the label, 0 or more.
    """
    if logits.shape[-1] == 1:
        targets = ops.cast(labels, logits.dtype)[..., None]
        return ops.binary_crossentropy(targets, logits, from_logits=True)[..., 0]
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def weights_of_labels(class_weights: list[float] | None, labels, num_logits: int):
    """The weight (B, H, W) of each pixel's class; all 1 without class weights.

    Raises:
        ValueError: If there is not one weight per class (two for one logit).
    """
    if class_weights is None:
        return ops.ones_like(labels, "float32")
    num_classes = max(num_logits, 2)
    if len(class_weights) != num_classes:
        raise ValueError(
            f"There are {len(class_weights)} class weights for {num_classes} classes. Give one for "
            f"each class; a single logit tells two classes apart."
        )
    return ops.take(ops.convert_to_tensor(class_weights, "float32"), labels)


def divide(total, count):
    """total / count, and 0 where there is nothing to divide by."""
    return total / ops.where(count > 0, count, 1.0) * ops.cast(count > 0, "float32")


def plain_floats(values) -> list[float] | None:
    """Numbers as a saved file can hold them; None stays None."""
    return None if values is None else [float(value) for value in values]
