"""AlexNet: large first kernels, channels in two groups, and normalisation by neighbours.

References: Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks",
NeurIPS 2012, in Caffe's form, which normalises after pooling; as a fully convolutional network
Long et al., CVPR 2015, https://arxiv.org/abs/1411.4038
"""

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    LocalResponseNormalization,
    fully_connected_as_convs,
    normalize_image,
    overlapping_max_pool,
    pad_for_windows,
)


def alexnet(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    top: bool = False,
    margin: int = 0,
    width: float = 1.0,
) -> keras.Model:
    """Builds AlexNet without its classifier, dilated where the output stride asks for it.

    Keras has no weights for it, so that it starts from random ones.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, poolings keep the size and convolutions are
            dilated.
        top: Whether to add `"top"`, the two wide layers as convolutions of 6x6 and 1x1.
        margin: Zeros around the normalised image instead of the 3 that the first convolution
            begins with; the published FCN has 100, and a `"top"` without padding.
        width: Channels of every layer against the paper's.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c2": ..., "c5": ...}`, of which no
        layer has stride 2, and `"top"`.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"alexnet has output strides 8, 16 and 32, got {output_stride}.")

    inputs = keras.Input(input_shape, name="image")
    x = normalize_image(inputs)
    if margin:
        x = layers.ZeroPadding2D(margin, name="margin")(x)
    else:
        x = pad_for_windows(x, 11, 4, before=3, name="conv1_pad")
    x = conv(x, 96, 11, width, strides=4, name="conv1")  # (B, H/4, W/4, 96)
    features = {"c2": x}

    x = pool(x, True, not margin, name="pool1")
    x = LocalResponseNormalization(name="norm1")(x)
    features["c3"] = x
    x = conv(x, 256, 5, width, groups=2, name="conv2")

    x = pool(x, output_stride > 8, not margin, name="pool2")
    x = LocalResponseNormalization(name="norm2")(x)
    features["c4"] = x
    rate = 1 if output_stride > 8 else 2
    x = conv(x, 384, 3, width, dilation_rate=rate, name="conv3")
    x = conv(x, 384, 3, width, dilation_rate=rate, groups=2, name="conv4")
    x = conv(x, 256, 3, width, dilation_rate=rate, groups=2, name="conv5")

    x = pool(x, output_stride > 16, not margin, name="pool5")
    features["c5"] = x
    if top:
        rate = 32 // output_stride
        if not margin:  # an even kernel has no centre: this one takes the poolings' drift back
            x = pad_for_windows(x, 5 * rate + 1, 1, before=3 * rate, name="top_pad")
        x = fully_connected_as_convs(x, round(4096 * width), 6, rate, padding="valid", name="top")
        features["top"] = x
    return keras.Model(inputs, features, name="alexnet")


def conv(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    width: float,
    *,
    strides: int = 1,
    dilation_rate: int = 1,
    groups: int = 1,
    name: str,
) -> KerasTensor:
    """Convolution and ReLU, an even number of channels: (B, H, W, C) to (B, H, W, filters)."""
    return layers.Conv2D(
        2 * round(filters * width / 2),
        kernel_size,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        dilation_rate=dilation_rate,
        groups=groups,
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)


def pool(x: KerasTensor, strided: bool, round_up: bool, name: str) -> KerasTensor:
    """Halves (B, H, W, C) by overlapping windows, or only takes their maxima."""
    if strided:
        return overlapping_max_pool(x, round_up, name=name)
    return layers.MaxPooling2D(3, strides=1, padding="same", name=name)(x)
