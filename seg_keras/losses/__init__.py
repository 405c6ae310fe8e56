"""Losses, one idea a file; each takes labels (B, H, W) and logits (B, H, W, num_classes)."""

from seg_keras.losses.class_weights import enet_weights, median_frequency_weights
from seg_keras.losses.cross_entropy import PixelCrossEntropy

__all__ = ["PixelCrossEntropy", "enet_weights", "median_frequency_weights"]
