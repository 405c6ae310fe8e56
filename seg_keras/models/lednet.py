"""LEDNet: residual blocks that split their channels, shuffle them, and attend over a pyramid.

Reference: Wang et al., "LEDNet: A Lightweight Encoder-Decoder Network for Real-Time Semantic
Segmentation", ICIP 2019, https://arxiv.org/abs/1905.02423
"""

import keras
from keras import KerasTensor, layers, ops

from seg_keras.layers import (
    BilinearResize,
    batch_norm,
    conv_pool_bn,
    factorized_conv_bn,
    segmentation_head,
)

# Table 1 of the paper: filters at each stride, and the dilation rates of the blocks there.
STAGES = (
    (32, (1, 1, 1), 0.03),
    (64, (1, 1), 0.03),
    (128, (1, 2, 5, 9, 2, 5, 9, 17), 0.3),
)
EPSILON = 1e-3


def lednet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 1024, 3),
    encoder_only: bool = False,
) -> keras.Model:
    """Builds LEDNet.

    Under a million weights at a good score; its factorised convolutions and shuffles are many
    small operators, so that a CPU gains less than the count of weights promises.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        encoder_only: Whether to classify the encoder's features directly, for the first of the
            paper's two stages of training; the second starts from its weights.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 255, name="normalize")(inputs)
    for stage, (filters, dilation_rates, dropout_rate) in enumerate(STAGES, start=1):
        x = conv_pool_bn(x, filters, relu=True, name=f"down{stage}")
        for index, rate in enumerate(dilation_rates, start=1):
            x = split_shuffle_unit(x, rate, dropout_rate, name=f"stage{stage}_unit{index}")

    if encoder_only:
        logits = segmentation_head(x, num_classes, input_shape[:2], name="encoder")
    else:
        x = attention_pyramid(x, num_classes, name="pyramid")  # (B, H/8, W/8, num_classes)
        logits = BilinearResize(input_shape[:2], dtype="float32", name="logits")(x)
    return keras.Model(inputs, {"logits": logits}, name="lednet")


def split_shuffle_unit(
    x: KerasTensor, dilation_rate: int, dropout_rate: float, name: str
) -> KerasTensor:
    """Two halves of the channels, factorised in opposite order, joined and interleaved."""
    halves = []
    for side, half in zip(("left", "right"), ops.split(x, 2, axis=-1), strict=True):
        first = side == "left"
        y = factorized_conv_bn(half, 3, 1, first, name=f"{name}_{side}1")
        y = layers.ReLU(name=f"{name}_{side}1_bn_relu")(y)
        # The dilated pair starts along the same axis as the pair before it.
        y = factorized_conv_bn(y, 3, dilation_rate, first, name=f"{name}_{side}2")
        halves.append(layers.SpatialDropout2D(dropout_rate, name=f"{name}_{side}_dropout")(y))
    y = layers.Concatenate(name=f"{name}_concat")(halves)
    x = layers.Add(name=f"{name}_add")([x, y])
    x = layers.ReLU(name=f"{name}_relu")(x)
    return channel_shuffle(x, name=f"{name}_shuffle")


def channel_shuffle(x: KerasTensor, name: str) -> KerasTensor:
    """Interleaves the two halves of the channels of (B, H, W, C)."""
    height, width, channels = x.shape[1:]
    # Four dimensions, not five: more are slow or unknown on devices.
    y = layers.Reshape((height * width, 2, channels // 2), name=f"{name}_split")(x)
    y = layers.Permute((1, 3, 2), name=f"{name}_permute")(y)
    return layers.Reshape((height, width, channels), name=name)(y)


def attention_pyramid(x: KerasTensor, num_classes: int, name: str) -> KerasTensor:
    """Class scores of (B, h, w, C), weighed by one map that three coarser scales agree on."""
    size = x.shape[1:3]
    down1 = biased_conv_bn_relu(x, 1, 7, 2, name=f"{name}_down1")
    down2 = biased_conv_bn_relu(down1, 1, 5, 2, name=f"{name}_down2")
    y = biased_conv_bn_relu(down2, 1, 3, 2, name=f"{name}_down3")
    y = biased_conv_bn_relu(y, 1, 3, 1, name=f"{name}_level3")
    for level, (finer, kernel_size) in enumerate(((down2, 5), (down1, 7)), start=1):
        level = 3 - level
        y = BilinearResize(finer.shape[1:3], name=f"{name}_resize{level}")(y)
        finer = biased_conv_bn_relu(finer, 1, kernel_size, 1, name=f"{name}_level{level}")
        y = layers.Add(name=f"{name}_add{level}")([y, finer])
    attention = BilinearResize(size, name=f"{name}_attention")(y)

    scores = biased_conv_bn_relu(x, num_classes, 1, 1, name=f"{name}_scores")
    scene = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_average")(x)
    scene = biased_conv_bn_relu(scene, num_classes, 1, 1, name=f"{name}_scene")
    scene = BilinearResize(size, name=f"{name}_scene_resize")(scene)
    x = layers.Multiply(name=f"{name}_multiply")([scores, attention])
    # float32 also under mixed precision: the loss must not see rounded logits.
    return layers.Add(dtype="float32", name=f"{name}_sum")([x, scene])


def biased_conv_bn_relu(
    x: KerasTensor, filters: int, kernel_size: int, strides: int, name: str
) -> KerasTensor:
    """Convolution with bias, batch norm, ReLU: (B, H, W, C) to (B, H/s, W/s, filters)."""
    x = layers.Conv2D(filters, kernel_size, strides=strides, padding="same", name=f"{name}_conv")(x)
    x = batch_norm(x, epsilon=EPSILON, name=f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x)
