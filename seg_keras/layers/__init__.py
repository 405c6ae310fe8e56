"""Layers and block functions that models are built of.

A block takes the tensor first and its name last, gives the tensor back, and starts the name of
every layer it makes with that name.
"""

from seg_keras.layers.aspp import atrous_rates, atrous_spatial_pyramid_pooling
from seg_keras.layers.blocks import batch_norm, conv_bn, conv_bn_relu, separable_conv_bn_relu
from seg_keras.layers.heads import image_pooling, segmentation_head
from seg_keras.layers.resize import BilinearResize

__all__ = [
    "BilinearResize",
    "atrous_rates",
    "atrous_spatial_pyramid_pooling",
    "batch_norm",
    "conv_bn",
    "conv_bn_relu",
    "image_pooling",
    "segmentation_head",
    "separable_conv_bn_relu",
]
