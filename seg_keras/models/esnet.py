"""ESNet: an encoder and a decoder of the same factorised blocks, the deep ones in three branches.

Reference: Wang et al., "ESNet: An Efficient Symmetric Network for Real-time Semantic
Segmentation", PRCV 2019, https://arxiv.org/abs/1906.09826
"""

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    BatchNormalization,
    batch_norm,
    conv_pool_bn,
    factorized_conv_bn,
    factorized_convs,
    segmentation_head,
    upsampling_conv,
)
from seg_keras.layers.blocks import BATCH_NORM_MOMENTUM
from seg_keras.layers.factorized import EPSILON


def esnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 1024, 3),
    encoder_only: bool = False,
) -> keras.Model:
    """Builds ESNet.

    Scores like LEDNet with plainer operators and twice the work. It keeps no context beyond the
    reach of its dilated blocks.

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

    x = down1 = conv_pool_bn(x, 16, relu=True, name="down1")  # (B, H/2, W/2, 16)
    for index in range(1, 4):
        x = factorized_unit(x, 3, 0.03, name=f"stage1_unit{index}")
    x = down2 = conv_pool_bn(x, 64, relu=True, name="down2")  # (B, H/4, W/4, 64)
    for index in range(1, 3):
        x = factorized_unit(x, 5, 0.03, name=f"stage2_unit{index}")
    x = conv_pool_bn(x, 128, relu=True, name="down3")  # (B, H/8, W/8, 128)
    for index in range(1, 4):
        x = parallel_unit(x, (2, 5, 9), 0.3, name=f"stage3_unit{index}")
    if encoder_only:
        logits = segmentation_head(x, num_classes, input_shape[:2], name="encoder")
        return keras.Model(inputs, {"logits": logits}, name="esnet")

    x = upsample(x, 64, down2.shape[1:3], name="up2")
    for index in range(1, 3):
        x = factorized_unit(x, 5, 0.0, name=f"up2_unit{index}")
    x = upsample(x, 16, down1.shape[1:3], name="up1")
    for index in range(1, 3):
        x = factorized_unit(x, 3, 0.0, name=f"up1_unit{index}")
    x = upsampling_conv(x, num_classes, 2, input_shape[:2], name="logits_classifier")
    # float32 also under mixed precision: the loss must not see rounded logits.
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(inputs, {"logits": logits}, name="esnet")


def upsample(x: KerasTensor, filters: int, size: tuple[int, int], name: str) -> KerasTensor:
    """(B, h, w, C) to (B, *size, filters), about twice as large."""
    x = upsampling_conv(x, filters, 3, size, name=name)
    x = batch_norm(x, epsilon=EPSILON, name=f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x)


def factorized_unit(
    x: KerasTensor, kernel_size: int, dropout_rate: float, name: str
) -> KerasTensor:
    """Two factorised convolutions with a residual connection; the shape stays."""
    y = factorized_conv_bn(x, kernel_size, 1, vertical_first=True, name=f"{name}_pair1")
    y = layers.ReLU(name=f"{name}_pair1_bn_relu")(y)
    y = factorized_conv_bn(y, kernel_size, 1, vertical_first=True, name=f"{name}_pair2")
    if dropout_rate:
        y = layers.SpatialDropout2D(dropout_rate, name=f"{name}_dropout")(y)
    y = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(y)


def parallel_unit(
    x: KerasTensor, dilation_rates: tuple[int, ...], dropout_rate: float, name: str
) -> KerasTensor:
    """A factorised convolution, then one branch per dilation rate, summed; the shape stays."""
    y = factorized_conv_bn(x, 3, 1, vertical_first=True, name=f"{name}_pair")
    y = layers.ReLU(name=f"{name}_pair_bn_relu")(y)
    # One layer for all branches, as in the authors' network; their count of weights needs it.
    shared_bn = BatchNormalization(
        momentum=BATCH_NORM_MOMENTUM, epsilon=EPSILON, name=f"{name}_shared_bn"
    )
    branches = [x]
    for rate in dilation_rates:
        branch = factorized_convs(y, 3, rate, vertical_first=True, name=f"{name}_rate{rate}")
        branch = shared_bn(branch)
        branches.append(
            layers.SpatialDropout2D(dropout_rate, name=f"{name}_rate{rate}_dropout")(branch)
        )
    x = layers.Add(name=f"{name}_add")(branches)
    return layers.ReLU(name=f"{name}_relu")(x)
