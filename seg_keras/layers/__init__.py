"""Layers and block functions that models are built of.

A block takes the tensor first and its name last, gives the tensor back, and starts the name of
every layer it makes with that name.
"""

from seg_keras.layers.activations import HardSigmoid, HardSwish
from seg_keras.layers.aspp import (
    atrous_rates,
    atrous_spatial_pyramid_pooling,
    summed_atrous_classifiers,
)
from seg_keras.layers.batch_normalization import BatchNormalization
from seg_keras.layers.blocks import (
    batch_norm,
    conv_bn,
    conv_bn_relu,
    separable_conv_bn_relu,
    strided_conv_bn,
)
from seg_keras.layers.bottleneck import bottleneck
from seg_keras.layers.channel_gate import StrongestChannelBoost, channel_gate
from seg_keras.layers.channels import round_channels
from seg_keras.layers.decoder import refine_with_details
from seg_keras.layers.duc import DenseUpsampling
from seg_keras.layers.factorized import (
    conv_pool_bn,
    crop_to,
    factorized_conv_bn,
    factorized_convs,
    upsampling_conv,
)
from seg_keras.layers.heads import image_pooling, pixel_classifier, segmentation_head
from seg_keras.layers.initializers import IdentityInitializer
from seg_keras.layers.mean_field import MeanField
from seg_keras.layers.normalize import normalize_image
from seg_keras.layers.padding import ReflectionPadding
from seg_keras.layers.pooling import grid_average_pool
from seg_keras.layers.resize import BilinearResize, NearestResize, halve
from seg_keras.layers.squeeze_excite import squeeze_excite
from seg_keras.layers.vgg import dilated_vgg, fully_connected_as_convs, vgg_stage

__all__ = [
    "IdentityInitializer",
    "ReflectionPadding",
    "dilated_vgg",
    "fully_connected_as_convs",
    "vgg_stage",
    "BatchNormalization",
    "BilinearResize",
    "DenseUpsampling",
    "HardSigmoid",
    "HardSwish",
    "MeanField",
    "NearestResize",
    "StrongestChannelBoost",
    "atrous_rates",
    "atrous_spatial_pyramid_pooling",
    "batch_norm",
    "bottleneck",
    "channel_gate",
    "conv_bn",
    "conv_bn_relu",
    "conv_pool_bn",
    "crop_to",
    "factorized_conv_bn",
    "factorized_convs",
    "grid_average_pool",
    "halve",
    "image_pooling",
    "normalize_image",
    "pixel_classifier",
    "refine_with_details",
    "round_channels",
    "segmentation_head",
    "separable_conv_bn_relu",
    "squeeze_excite",
    "strided_conv_bn",
    "summed_atrous_classifiers",
    "upsampling_conv",
]
