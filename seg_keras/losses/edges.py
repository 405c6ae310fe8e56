"""Edges learned from label maps, where few pixels are edges and nearly all are not.

Reference: Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015, equation 2,
https://arxiv.org/abs/1504.06375
"""

import keras
from keras import ops

from seg_keras.losses.pixel_loss import PixelLoss


def label_edges(labels, ignore_label: int = 255):
    """Finds where classes meet.

    Args:
        labels: Label maps (B, H, W), integer.
        ignore_label: Borders with this label are no edges.

    Returns:
        bool (B, H, W): pixels whose right or lower neighbour is of another class.
    """
    counts = ops.not_equal(labels, ignore_label)

    def differs(axis: int):
        here, there = [slice(None)] * 3, [slice(None)] * 3
        here[axis], there[axis] = slice(None, -1), slice(1, None)
        here, there = tuple(here), tuple(there)
        edges = ops.not_equal(labels[here], labels[there])
        edges = ops.logical_and(edges, ops.logical_and(counts[here], counts[there]))
        margins = [(0, 0)] * 3
        margins[axis] = (0, 1)
        return ops.pad(ops.cast(edges, "int32"), margins)

    return differs(1) + differs(2) > 0


@keras.saving.register_keras_serializable("seg_keras")
class BalancedEdgeCrossEntropy(PixelLoss):
    """Binary cross entropy of edges in which edges and the rest weigh the same in each image.

    It takes the labels of a segmentation set and finds their edges itself. The paper sums over
    the pixels of an image and learns at 1e-6; this is their mean, for usual learning rates. 0 or
    more.

    Args:
        ignore_label: Label of the pixels that do not count.
        name: Name of the loss.

    Call arguments:
        y_true: Labels (B, H, W), integer class ids.
        y_pred: Logits (B, H, W, 1) of an edge.
        sample_weight: How much each pixel counts, (B, H, W).
    """

    labels_are_classes = False

    def __init__(self, ignore_label: int = 255, name: str = "balanced_edge_cross_entropy"):
        super().__init__(ignore_label, name)

    def measure(self, labels, logits, counts, weights):
        if logits.shape[-1] != 1:
            raise ValueError(
                f"Edges are one logit a pixel, got {logits.shape[-1]}. Build the model with "
                f"num_classes=1."
            )
        labels = ops.where(counts, labels, self.ignore_label)
        edges = ops.cast(label_edges(labels, self.ignore_label), "float32")
        total = ops.sum(ops.cast(counts, "float32"), axis=(1, 2), keepdims=True)
        total = ops.maximum(total, 1.0)
        edge_share = ops.sum(edges, axis=(1, 2), keepdims=True) / total
        balance = ops.where(edges > 0, 1 - edge_share, edge_share)
        entropy = ops.binary_crossentropy(edges[..., None], logits, from_logits=True)[..., 0]
        return ops.mean(ops.sum(weights * balance * entropy / total, axis=(1, 2)))
