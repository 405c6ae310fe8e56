"""Losses, one idea a file; each takes labels (B, H, W) and logits (B, H, W, num_classes)."""

from seg_keras.losses.bce_dice import BceDiceLoss
from seg_keras.losses.class_weights import enet_weights, median_frequency_weights
from seg_keras.losses.cross_entropy import PixelCrossEntropy
from seg_keras.losses.dice import DiceLoss, GeneralizedDiceLoss
from seg_keras.losses.distillation import DistillationLoss
from seg_keras.losses.edges import BalancedEdgeCrossEntropy, label_edges
from seg_keras.losses.focal import FocalLoss
from seg_keras.losses.hard_pixels import BootstrappedCrossEntropy, OhemCrossEntropy
from seg_keras.losses.loss_sum import LossSum
from seg_keras.losses.lovasz import LovaszHingeLoss, LovaszSoftmaxLoss
from seg_keras.losses.pixel_loss import PixelLoss
from seg_keras.losses.tversky import TverskyLoss

__all__ = [
    "BalancedEdgeCrossEntropy",
    "BceDiceLoss",
    "BootstrappedCrossEntropy",
    "DiceLoss",
    "DistillationLoss",
    "FocalLoss",
    "GeneralizedDiceLoss",
    "LossSum",
    "LovaszHingeLoss",
    "LovaszSoftmaxLoss",
    "OhemCrossEntropy",
    "PixelCrossEntropy",
    "PixelLoss",
    "TverskyLoss",
    "enet_weights",
    "label_edges",
    "median_frequency_weights",
]
