"""ENet: shrink the image at once, think at an eighth of it, and enlarge with remembered maxima.

Reference: Paszke et al., "ENet: A Deep Neural Network Architecture for Real-Time Semantic
Segmentation", 2016, https://arxiv.org/abs/1606.02147; layers as in the authors' Lua code
"""

from collections.abc import Callable

import keras
from keras import KerasTensor, layers, ops

from seg_keras.layers import (
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    PReLU,
    batch_norm,
    conv_pool_bn,
    segmentation_head,
    upsampling_conv,
)
from seg_keras.layers.factorized import EPSILON

# Table 1 of the paper, sections 2 and 3: kind and its size or dilation rate.
CONTEXT = (
    ("regular", 1),
    ("dilated", 2),
    ("asymmetric", 5),
    ("dilated", 4),
    ("regular", 1),
    ("dilated", 8),
    ("asymmetric", 5),
    ("dilated", 16),
)


def enet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 1024, 3),
    encoder_only: bool = False,
) -> keras.Model:
    """Builds ENet.

    The fewest weights of the family, and so the smallest file. Its many narrow layers keep a
    processor waiting for memory: choose by milliseconds, not by weights.

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
    x = prelu(conv_pool_bn(x, 16, relu=False, name="initial"), name="initial")
    half = x.shape[1:3]

    x, indices1 = downsampling_bottleneck(x, 64, 0.01, name="stage1_down")
    for index in range(1, 5):
        x = bottleneck(x, ("regular", 1), 0.01, prelu, name=f"stage1_unit{index}")
    quarter = x.shape[1:3]
    x, indices2 = downsampling_bottleneck(x, 128, 0.1, name="stage2_down")
    for stage in (2, 3):
        for index, kind in enumerate(CONTEXT, start=1):
            x = bottleneck(x, kind, 0.1, prelu, name=f"stage{stage}_unit{index}")
    if encoder_only:
        logits = segmentation_head(x, num_classes, input_shape[:2], name="encoder")
        return keras.Model(inputs, {"logits": logits}, name="enet")

    x = upsampling_bottleneck(x, indices2, 64, quarter, name="stage4_up")
    for index in range(1, 3):
        x = bottleneck(x, ("regular", 1), 0.0, relu, name=f"stage4_unit{index}")
    x = upsampling_bottleneck(x, indices1, 16, half, name="stage5_up")
    x = bottleneck(x, ("regular", 1), 0.0, relu, name="stage5_unit1")
    x = upsampling_conv(x, num_classes, 2, input_shape[:2], name="logits_classifier")
    # float32 also under mixed precision: the loss must not see rounded logits.
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(inputs, {"logits": logits}, name="enet")


def prelu(x: KerasTensor, name: str) -> KerasTensor:
    """ReLU with a slope of its own for the negative side of each channel."""
    return PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=(1, 2),
        name=f"{name}_prelu",
    )(x)


def relu(x: KerasTensor, name: str) -> KerasTensor:
    """The decoder's activation: learned slopes did not help it (section 4 of the paper)."""
    return layers.ReLU(name=f"{name}_relu")(x)


def point_conv_bn(x: KerasTensor, filters: int, name: str, kernel_size: int = 1) -> KerasTensor:
    """Convolution without bias whose stride is its size, and batch norm."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=kernel_size,
        padding="same",
        use_bias=False,
        name=f"{name}_conv",
    )(x)
    return batch_norm(x, epsilon=EPSILON, name=f"{name}_bn")


def bottleneck(
    x: KerasTensor,
    kind: tuple[str, int],
    dropout_rate: float,
    activation: Callable[..., KerasTensor],
    name: str,
) -> KerasTensor:
    """Narrows to a quarter, convolves, widens, adds; the shape stays."""
    y = point_conv_bn(x, x.shape[-1] // 4, name=f"{name}_reduce")
    y = activation(y, name=f"{name}_reduce")
    y = middle_conv(y, kind, name=f"{name}_middle")
    y = batch_norm(y, epsilon=EPSILON, name=f"{name}_middle_bn")
    y = activation(y, name=f"{name}_middle")
    y = point_conv_bn(y, x.shape[-1], name=f"{name}_expand")
    if dropout_rate:
        y = layers.SpatialDropout2D(dropout_rate, name=f"{name}_dropout")(y)
    return activation(layers.Add(name=f"{name}_add")([x, y]), name=name)


def middle_conv(x: KerasTensor, kind: tuple[str, int], name: str) -> KerasTensor:
    """The convolution inside a bottleneck: 3x3, dilated 3x3, or 1x5 and 5x1."""
    filters, (form, size) = x.shape[-1], kind
    if form == "asymmetric":
        x = layers.Conv2D(
            filters, (1, size), padding="same", use_bias=False, name=f"{name}_horizontal_conv"
        )(x)
        return layers.Conv2D(filters, (size, 1), padding="same", name=f"{name}_vertical_conv")(x)
    return layers.Conv2D(filters, 3, padding="same", dilation_rate=size, name=f"{name}_conv")(x)


def downsampling_bottleneck(
    x: KerasTensor, filters: int, dropout_rate: float, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """Halves (B, H, W, C) to (B, H/2, W/2, filters); gives the places of the maxima too."""
    y = point_conv_bn(x, filters // 4, name=f"{name}_reduce", kernel_size=2)
    y = prelu(y, name=f"{name}_reduce")
    y = layers.Conv2D(filters // 4, 3, padding="same", name=f"{name}_middle_conv")(y)
    y = prelu(batch_norm(y, epsilon=EPSILON, name=f"{name}_middle_bn"), name=f"{name}_middle")
    y = point_conv_bn(y, filters, name=f"{name}_expand")
    y = layers.SpatialDropout2D(dropout_rate, name=f"{name}_dropout")(y)
    pooled, indices = MaxPoolingWithIndices2D(name=f"{name}_pool")(x)
    # The shortcut has fewer channels: zeros stand for the others.
    pooled = ops.pad(pooled, ((0, 0), (0, 0), (0, 0), (0, filters - x.shape[-1])))
    return prelu(layers.Add(name=f"{name}_add")([pooled, y]), name=name), indices


def upsampling_bottleneck(
    x: KerasTensor, indices: KerasTensor, filters: int, size: tuple[int, int], name: str
) -> KerasTensor:
    """Doubles (B, h, w, C) to (B, *size, filters), the shortcut where the maxima were."""
    y = relu(point_conv_bn(x, filters // 4, name=f"{name}_reduce"), name=f"{name}_reduce")
    y = upsampling_conv(y, filters // 4, 3, size, name=f"{name}_middle")
    y = relu(batch_norm(y, epsilon=EPSILON, name=f"{name}_middle_bn"), name=f"{name}_middle")
    y = point_conv_bn(y, filters, name=f"{name}_expand")
    x = point_conv_bn(x, filters, name=f"{name}_shortcut")
    x = MaxUnpooling2D(size, name=f"{name}_unpool")([x, indices])
    return relu(layers.Add(name=f"{name}_add")([x, y]), name=name)
