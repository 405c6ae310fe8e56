"""Losses, one idea a file; each takes labels (B, H, W) and logits (B, H, W, num_classes)."""

from seg_keras.losses.class_weights import enet_weights, median_frequency_weights
from seg_keras.losses.cross_entropy import PixelCrossEntropy
from seg_keras.losses.dice import DiceLoss
from seg_keras.losses.edges import BalancedEdgeCrossEntropy, label_edges
from seg_keras.losses.loss_sum import LossSum

__all__ = [
    "BalancedEdgeCrossEntropy",
    "DiceLoss",
    "LossSum",
    "PixelCrossEntropy",
    "enet_weights",
    "label_edges",
    "median_frequency_weights",
]
