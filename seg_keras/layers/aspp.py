"""Atrous spatial pyramid pooling: one feature map seen at several scales at once.

Reference: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017,
section 3.3, https://arxiv.org/abs/1706.05587
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import conv_bn_relu, separable_conv_bn_relu
from seg_keras.layers.heads import image_pooling


def atrous_rates(output_stride: int) -> tuple[int, int, int]:
    """The paper's rates, which keep their reach in image pixels: 6, 12, 18 at stride 16."""
    return tuple(rate * 16 // output_stride for rate in (6, 12, 18))


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
