"""GoogLeNet: kernels of several sizes side by side, made cheap by 1x1 reductions before them.

References: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, table 1,
https://arxiv.org/abs/1409.4842; as a fully convolutional network Long et al., CVPR 2015,
https://arxiv.org/abs/1411.4038
"""

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    LocalResponseNormalization,
    check_seen_whole,
    normalize_image,
    overlapping_max_pool,
    pad_for_windows,
)

# Channels of a module: 1x1, reduction and 3x3, reduction and 5x5, 1x1 after pooling.
STAGES = {
    "c3": {
        "inception3a": (64, 96, 128, 16, 32, 32),
        "inception3b": (128, 128, 192, 32, 96, 64),
    },
    "c4": {
        "inception4a": (192, 96, 208, 16, 48, 64),
        "inception4b": (160, 112, 224, 24, 64, 64),
        "inception4c": (128, 128, 256, 24, 64, 64),
        "inception4d": (112, 144, 288, 32, 64, 64),
        "inception4e": (256, 160, 320, 32, 128, 128),
    },
    "c5": {
        "inception5a": (256, 160, 320, 32, 128, 128),
        "inception5b": (384, 192, 384, 48, 128, 128),
    },
}


def googlenet(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    top: bool = False,
    margin: int = 0,
    width: float = 1.0,
) -> keras.Model:
    """Builds GoogLeNet without its classifiers, dilated where the output stride asks for it.

    Keras has no weights for it, so that it starts from random ones.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, poolings keep the size and convolutions are
            dilated.
        top: Whether to add `"top"`, averages of 7x7 pixels at every pixel, with dropout.
        margin: Zeros around the normalised image instead of the 3 that the first convolution
            begins with; a `"top"` then has no padding.
        width: Channels of every layer against the paper's.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}` and `"top"`.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"googlenet has output strides 8, 16 and 32, got {output_stride}.")

    inputs = keras.Input(input_shape, name="image")
    x = normalize_image(inputs)
    if margin:
        x = layers.ZeroPadding2D(margin, name="margin")(x)
    else:
        x = pad_for_windows(x, 7, 2, before=3, name="conv1_pad")
    x = conv(x, 64, 7, width, strides=2, name="conv1")  # (B, H/2, W/2, 64)
    features = {"c1": x}
    x = overlapping_max_pool(x, not margin, name="pool1")
    x = LocalResponseNormalization(name="norm1")(x)
    x = conv(x, 64, 1, width, name="conv2_reduce")
    x = conv(x, 192, 3, width, name="conv2")
    x = LocalResponseNormalization(name="norm2")(x)
    features["c2"] = x

    x = overlapping_max_pool(x, not margin, name="pool2")  # (B, H/8, W/8, 192)
    stride, dilation_rate = 8, 1
    for stage, modules in STAGES.items():
        if stage != "c3" and stride < output_stride:
            x = overlapping_max_pool(x, not margin, name=f"{stage}_pool")
            stride *= 2
        elif stage != "c3":
            x = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{stage}_pool")(x)
            dilation_rate *= 2
        for name, filters in modules.items():
            x = inception(x, filters, dilation_rate, width, name=name)
        features[stage] = x
    if top:
        if margin:
            check_seen_whole(x, 7)
        x = layers.AveragePooling2D(
            7, strides=1, padding="valid" if margin else "same", name="top_average"
        )(x)
        features["top"] = layers.Dropout(0.4, name="top_dropout")(x)
    return keras.Model(inputs, features, name="googlenet")


def inception(
    x: KerasTensor, filters: tuple[int, ...], dilation_rate: int, width: float, name: str
) -> KerasTensor:
    """Four ways to look at (B, h, w, C), one after the other in the channels of the result."""
    small = conv(x, filters[0], 1, width, name=f"{name}_1x1")
    medium = conv(x, filters[1], 1, width, name=f"{name}_3x3_reduce")
    medium = conv(medium, filters[2], 3, width, dilation_rate=dilation_rate, name=f"{name}_3x3")
    large = conv(x, filters[3], 1, width, name=f"{name}_5x5_reduce")
    large = conv(large, filters[4], 5, width, dilation_rate=dilation_rate, name=f"{name}_5x5")
    peak = layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pool")(x)
    peak = conv(peak, filters[5], 1, width, name=f"{name}_pool_project")
    return layers.Concatenate(name=f"{name}_concat")([small, medium, large, peak])


def conv(
    x: KerasTensor,
    filters: int,
    kernel_size: int,
    width: float,
    *,
    strides: int = 1,
    dilation_rate: int = 1,
    name: str,
) -> KerasTensor:
    """Convolution and ReLU: (B, H, W, C) to (B, H/strides, W/strides, filters)."""
    return layers.Conv2D(
        max(1, round(filters * width)),
        kernel_size,
        strides=strides,
        padding="same" if strides == 1 else "valid",
        dilation_rate=dilation_rate,
        activation="relu",
        kernel_initializer="he_normal",
        name=name,
    )(x)
