"""Aligned Xception-65: nothing but separable convolutions, which also take the strides.

Reference: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", ECCV 2018, figure 4, https://arxiv.org/abs/1802.02611
"""

import keras
from keras import KerasTensor, layers

from seg_keras.layers import batch_norm, conv_bn, conv_bn_relu, strided_conv_bn

EPSILON = 1e-3  # of every batch norm, as in the published weights
NUM_MIDDLE = 16  # units of the middle flow


def xception65(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    width: float = 1.0,
    num_middle: int = NUM_MIDDLE,
) -> keras.Model:
    """Builds aligned Xception-65 without its classifier, dilated as the output stride asks for.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, strides become dilation rates.
        width: Channels of every layer against the paper's.
        num_middle: Units of the middle flow.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}` and
        `"c2_expanded"`, the features inside the unit after stride 4 that DeepLab v3+ refines with.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"xception65 has output strides 8, 16 and 32, got {output_stride}.")
    # Rates of middle flow and first exit unit, and of the last unit.
    middle_rate, last_rate = {8: (2, 4), 16: (1, 2), 32: (1, 1)}[output_stride]

    def wide(*filters: int) -> tuple[int, ...]:
        return tuple(round(count * width) for count in filters)

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="normalize")(inputs)
    x = strided_conv_bn(x, *wide(32), 3, 2, epsilon=EPSILON, name="stem1")
    x = layers.ReLU(name="stem1_relu")(x)
    x = conv_bn_relu(x, *wide(64), epsilon=EPSILON, name="stem2")
    features = {"c1": x}

    x, _ = unit(x, wide(128, 128, 128), strides=2, name="entry1")
    features["c2"] = x
    x, features["c2_expanded"] = unit(x, wide(256, 256, 256), strides=2, name="entry2")
    features["c3"] = x
    x, _ = unit(x, wide(728, 728, 728), strides=2 if output_stride > 8 else 1, name="entry3")
    for index in range(1, num_middle + 1):
        x, _ = unit(x, wide(728, 728, 728), middle_rate, skip="sum", name=f"middle{index}")
    features["c4"] = x
    x, _ = unit(x, wide(728, 1024, 1024), middle_rate, 2 if output_stride > 16 else 1, name="exit1")
    x, _ = unit(x, wide(1536, 1536, 2048), last_rate, skip="", relu_first=False, name="exit2")
    features["c5"] = x
    return keras.Model(inputs, features, name="xception65")


def unit(
    x: KerasTensor,
    filters: tuple[int, int, int],
    dilation_rate: int = 1,
    strides: int = 1,
    *,
    skip: str = "conv",
    relu_first: bool = True,
    name: str,
) -> tuple[KerasTensor, KerasTensor]:
    """Three separable convolutions, the last with the stride, and a way around them.

    Args:
        x: Features (B, H, W, C).
        filters: Channels of the three.
        dilation_rate: Of all three.
        strides: How many times smaller the result is.
        skip: `"conv"` adds a projection of the input, `"sum"` the input, empty nothing.
        relu_first: Whether each is led by a ReLU; otherwise its two parts are followed by one.
        name: Starts the name of every layer.

    Returns:
        The unit's output, and the features between its second and third convolution.
    """
    inputs, inside = x, x
    for index, count in enumerate(filters, start=1):
        inside = x
        x = separable_conv(
            x,
            count,
            strides if index == 3 else 1,
            dilation_rate,
            relu_first,
            name=f"{name}_conv{index}",
        )
    if skip == "conv":
        shortcut = conv_bn(inputs, filters[-1], 1, strides, epsilon=EPSILON, name=f"{name}_skip")
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    elif skip == "sum":
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x, inside


def separable_conv(
    x: KerasTensor,
    filters: int,
    strides: int,
    dilation_rate: int,
    relu_first: bool,
    name: str,
) -> KerasTensor:
    """Depthwise 3x3 and pointwise convolution: (B, H, W, C) to (B, H/strides, W/strides, filters).

    A stride comes with the same padding on all sides, so that features stay aligned.
    """
    if relu_first:
        x = layers.ReLU(name=f"{name}_first_relu")(x)
    if strides > 1:
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="valid" if strides > 1 else "same",
        dilation_rate=dilation_rate,
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise",
    )(x)
    x = batch_norm(x, epsilon=EPSILON, name=f"{name}_depthwise_bn")
    if not relu_first:
        x = layers.ReLU(name=f"{name}_depthwise_relu")(x)
    x = conv_bn(x, filters, 1, epsilon=EPSILON, name=name)
    return x if relu_first else layers.ReLU(name=f"{name}_relu")(x)
