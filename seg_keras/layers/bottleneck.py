"""The residual unit of deep ResNets: narrow, filter, widen, and add to what came in.

Reference: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5,
https://arxiv.org/abs/1512.03385
"""

from keras import KerasTensor, layers

from seg_keras.layers.blocks import conv_bn, conv_bn_relu, strided_conv_bn
from seg_keras.layers.channel_gate import channel_gate

EXPANSION = 4  # of a unit's inner channels, at its end


def bottleneck(
    x: KerasTensor,
    filters: int,
    strides: int = 1,
    dilation_rate: int = 1,
    *,
    strides_first: bool = False,
    gate: str = "",
    boost: float = 2.0,
    name: str,
) -> KerasTensor:
    """Residual unit: (B, H, W, C) to (B, H/strides, W/strides, 4 filters).

    Args:
        x: Features.
        filters: Channels between the two 1x1 convolutions.
        strides: How many times smaller the result is.
        dilation_rate: Of the 3x3 convolution.
        strides_first: Whether the first 1x1 convolution takes the stride, not the 3x3.
        gate: What weighs the residual's channels: see `channel_gate`. Empty for nothing.
        boost: For the softmax gate: further factor of the strongest channel.
        name: Starts the name of every layer.
    """
    first, second = (strides, 1) if strides_first else (1, strides)
    y = conv_bn_relu(x, filters, 1, first, name=f"{name}_reduce")
    if second > 1:
        y = strided_conv_bn(y, filters, 3, second, name=f"{name}_filter")
    else:
        y = conv_bn(y, filters, 3, 1, dilation_rate, name=f"{name}_filter")
    y = layers.ReLU(name=f"{name}_filter_relu")(y)
    y = conv_bn(y, EXPANSION * filters, 1, name=f"{name}_expand")
    if gate:
        y = channel_gate(y, gate, boost=boost, name=f"{name}_gate")
    if x.shape[-1] != y.shape[-1]:
        x = conv_bn(x, EXPANSION * filters, 1, strides, name=f"{name}_shortcut")
    elif strides > 1:
        x = layers.MaxPooling2D(1, strides, name=f"{name}_shortcut")(x)
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(x)
