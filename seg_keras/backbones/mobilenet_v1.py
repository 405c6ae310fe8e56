"""MobileNetV1: depthwise convolutions filter, pointwise ones mix, and nothing else.

Reference: Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications", 2017, https://arxiv.org/abs/1704.04861
"""

import keras
from keras import KerasTensor, initializers, layers

from seg_keras.layers import batch_norm, conv_bn, halve, round_channels

# Table 1 of the paper: filters, stride, stage that the block ends.
BLOCKS = (
    (64, 1, "c1"),
    (128, 2, None),
    (128, 1, "c2"),
    (256, 2, None),
    (256, 1, "c3"),
    (512, 2, None),
    (512, 1, None),
    (512, 1, None),
    (512, 1, None),
    (512, 1, None),
    (512, 1, "c4"),
    (1024, 2, None),
    (1024, 1, "c5"),
)

EPSILON = 1e-3  # of every batch norm, as in the published weights


def mobilenet_v1(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    alpha: float = 1.0,
    cascade: str = "",
    weights: str | None = None,
) -> keras.Model:
    """Builds MobileNetV1 without its classifier, dilated where the output stride asks for it.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, strides become dilation rates.
        alpha: Width of every layer against the paper's; published weights exist for 0.25, 0.5,
            0.75 and 1.0.
        cascade: How to halve the image and, once more, the maps after the first block of stage 3,
            as ICNet does: `"half_pixel"` or `"align_corners"`, see `BilinearResize`; empty for
            not at all. Strides count from the half image.
        weights: None for random ones, `"imagenet"` for those that Keras downloads, or a file
            that Keras saved for its own MobileNet.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}` and
        `"c3_first"`, the output of the first block of stage 3.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"mobilenet_v1 has output strides 8, 16 and 32, got {output_stride}.")

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="normalize")(inputs)
    if cascade:
        x = halve(x, align_corners=cascade == "align_corners", name="half")
    x = conv_bn(x, round_channels(32 * alpha, 8), strides=2, epsilon=EPSILON, name="stem")
    x = layers.ReLU(6.0, name="stem_relu")(x)

    features, stride, dilation_rate = {}, 2, 1
    for index, (filters, strides, stage) in enumerate(BLOCKS, start=1):
        reached = strides > 1 and stride == output_stride
        x = separable_block(
            x,
            round_channels(filters * alpha, 8),
            1 if reached else strides,
            dilation_rate,
            name=f"block{index}",
        )
        if reached:  # the block that gives up its stride keeps the old rate itself
            dilation_rate *= strides
        else:
            stride *= strides
        if stage:
            features[stage] = x
        elif "c2" in features and "c3_first" not in features:
            features["c3_first"] = x
            if cascade:
                x = halve(x, align_corners=cascade == "align_corners", name="quarter")

    backbone = keras.Model(inputs, features, name="mobilenet_v1")
    if weights is not None:
        load_keras_weights(backbone, alpha, weights)
    return backbone


def separable_block(
    x: KerasTensor, filters: int, strides: int, dilation_rate: int, name: str
) -> KerasTensor:
    """3x3 depthwise, then 1x1 pointwise: (B, H, W, C) to (B, H/strides, W/strides, filters)."""
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        dilation_rate=dilation_rate,
        use_bias=False,
        depthwise_initializer=initializers.TruncatedNormal(stddev=0.33),
        name=f"{name}_depthwise_conv",
    )(x)
    x = batch_norm(x, epsilon=EPSILON, name=f"{name}_depthwise_bn")
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = conv_bn(x, filters, 1, epsilon=EPSILON, name=f"{name}_point")
    return layers.ReLU(6.0, name=f"{name}_point_relu")(x)


def load_keras_weights(backbone: keras.Model, alpha: float, weights: str) -> None:
    """Copies the weights of `keras.applications.MobileNet` layer by layer, by name."""
    source = keras.applications.MobileNet(
        input_shape=(224, 224, 3), alpha=alpha, include_top=False, weights=weights
    )
    for layer in backbone.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(keras_name(layer.name)).get_weights())


def keras_name(name: str) -> str:
    """Our layer name to that of Keras: "block3_point_bn" to "conv_pw_3_bn"."""
    block, *part, kind = name.split("_")
    suffix = "_bn" if kind == "bn" else ""
    if block == "stem":
        return f"conv1{suffix}"
    short = {"depthwise": "dw", "point": "pw"}[part[0]]
    return f"conv_{short}_{block.removeprefix('block')}{suffix}"
