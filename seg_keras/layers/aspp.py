"""Atrous spatial pyramid pooling: one feature map seen at several scales at once.

Reference: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017,
section 3.3, https://arxiv.org/abs/1706.05587
"""

import logging

from keras import KerasTensor, initializers, layers

from seg_keras.layers.blocks import conv_bn_relu, separable_conv_bn_relu
from seg_keras.layers.heads import image_pooling

log = logging.getLogger(__name__)


def atrous_rates(output_stride: int) -> tuple[int, int, int]:
    """The paper's rates, which keep their reach in image pixels: 6, 12, 18 at stride 16."""
    return tuple(rate * 16 // output_stride for rate in (6, 12, 18))


def check_reach(x: KerasTensor, dilation_rates: tuple[int, ...]) -> None:
    """Warns if even the smallest rate only reaches beyond (B, h, w, C), where zeros are.

    Raises:
        ValueError: If the features are a single pixel.
    """
    height, width = x.shape[1:3]
    if None in (height, width) or not dilation_rates:
        return
    if (height, width) == (1, 1):
        raise ValueError(
            f"Convolutions with dilation rates {dilation_rates} are given features of a single "
            f"pixel. Use an `input_shape` that is larger than the output stride, best by "
            f"{min(dilation_rates)} times or more."
        )
    if min(dilation_rates) >= max(height, width):
        log.warning(
            "Features of %dx%d pixels are smaller than every dilation rate of %s, which adds "
            "nothing to a 1x1 convolution then. Use a larger input_shape.",
            height,
            width,
            dilation_rates,
        )


def atrous_spatial_pyramid_pooling(
    x: KerasTensor,
    filters: int,
    dilation_rates: tuple[int, ...],
    *,
    separable: bool,
    dropout_rate: float = 0.1,
    name: str,
) -> KerasTensor:
    """Fuses (B, h, w, C) as it is, through 3x3 convolutions at each rate, and as its average.

    Gives (B, h, w, filters). Without rates it is the small head of mobile models.
    """
    check_reach(x, dilation_rates)
    branches = [image_pooling(x, filters, name=f"{name}_pool")]
    branches.append(conv_bn_relu(x, filters, 1, name=f"{name}_point"))
    for rate in dilation_rates:
        if separable:
            y = separable_conv_bn_relu(x, filters, rate, name=f"{name}_rate{rate}")
        else:
            y = conv_bn_relu(x, filters, dilation_rate=rate, name=f"{name}_rate{rate}")
        branches.append(y)
    x = layers.Concatenate(name=f"{name}_concat")(branches)
    x = conv_bn_relu(x, filters, 1, name=f"{name}_fuse")
    return layers.Dropout(dropout_rate, name=f"{name}_dropout")(x)


def summed_atrous_classifiers(
    x: KerasTensor, num_classes: int, dilation_rates: tuple[int, ...], name: str
) -> KerasTensor:
    """Adds the float32 logits of one 3x3 convolution per rate: (B, h, w, num_classes).

    The form of DeepLab v2 on ResNets (section 3.2 of https://arxiv.org/abs/1606.00915) and of DUC.
    """
    check_reach(x, dilation_rates)
    branches = [
        layers.Conv2D(
            num_classes,
            3,
            padding="same",
            dilation_rate=rate,
            kernel_initializer=initializers.RandomNormal(stddev=0.01),
            dtype="float32",
            name=f"{name}_rate{rate}",
        )(x)
        for rate in dilation_rates
    ]
    return layers.Add(dtype="float32", name=name)(branches) if len(branches) > 1 else branches[0]
