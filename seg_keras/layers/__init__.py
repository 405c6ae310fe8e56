"""Layers and block functions that models are built of.

A block takes the tensor first and its name last, gives the tensor back, and starts the name of
every layer it makes with that name.
"""

from seg_keras.layers.activations import HardSigmoid, HardSwish, PReLU
from seg_keras.layers.alignment import (
    add_aligned,
    cut_to_image,
    enlarge_bilinear,
    first_center,
    score_skip,
)
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
from seg_keras.layers.fake_quantize import (
    FakeQuantize,
    FakeQuantizedWeights,
    StatisticsAtRest,
    kernel_channels,
)
from seg_keras.layers.heads import (
    enlarge_logits,
    image_pooling,
    pixel_classifier,
    segmentation_head,
)
from seg_keras.layers.initializers import BilinearInitializer, IdentityInitializer
from seg_keras.layers.local_response import LocalResponseNormalization
from seg_keras.layers.mean_field import MeanField
from seg_keras.layers.normalize import normalize_image
from seg_keras.layers.padding import ReflectionPadding, pad_for_windows
from seg_keras.layers.pooling import (
    check_seen_whole,
    grid_average_pool,
    overlapping_max_pool,
)
from seg_keras.layers.resize import BilinearResize, NearestResize, halve
from seg_keras.layers.squeeze_excite import squeeze_excite
from seg_keras.layers.stages import maps_before_pooling
from seg_keras.layers.subpixel import SubpixelConv2DTranspose
from seg_keras.layers.unet import double_conv, upsample_beside
from seg_keras.layers.unpooling import (
    BedOfNails2D,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    unpooling_stage,
)
from seg_keras.layers.upsampling import BilinearUpsampling2D
from seg_keras.layers.vgg import fully_connected_as_convs, vgg_stage

__all__ = [
    "IdentityInitializer",
    "ReflectionPadding",
    "first_center",
    "fully_connected_as_convs",
    "vgg_stage",
    "BatchNormalization",
    "BedOfNails2D",
    "BilinearInitializer",
    "BilinearResize",
    "BilinearUpsampling2D",
    "DenseUpsampling",
    "FakeQuantize",
    "FakeQuantizedWeights",
    "HardSigmoid",
    "HardSwish",
    "PReLU",
    "LocalResponseNormalization",
    "MaxPoolingWithIndices2D",
    "MaxUnpooling2D",
    "MeanField",
    "NearestResize",
    "StatisticsAtRest",
    "StrongestChannelBoost",
    "SubpixelConv2DTranspose",
    "add_aligned",
    "atrous_rates",
    "atrous_spatial_pyramid_pooling",
    "batch_norm",
    "bottleneck",
    "channel_gate",
    "check_seen_whole",
    "conv_bn",
    "conv_bn_relu",
    "conv_pool_bn",
    "crop_to",
    "cut_to_image",
    "enlarge_bilinear",
    "double_conv",
    "enlarge_logits",
    "factorized_conv_bn",
    "factorized_convs",
    "grid_average_pool",
    "halve",
    "image_pooling",
    "kernel_channels",
    "maps_before_pooling",
    "normalize_image",
    "overlapping_max_pool",
    "pad_for_windows",
    "pixel_classifier",
    "refine_with_details",
    "round_channels",
    "score_skip",
    "segmentation_head",
    "separable_conv_bn_relu",
    "squeeze_excite",
    "strided_conv_bn",
    "summed_atrous_classifiers",
    "unpooling_stage",
    "upsample_beside",
    "upsampling_conv",
]
