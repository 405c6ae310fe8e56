"""MobileNetV2: thin layers between blocks, wide depthwise convolutions inside them.

Reference: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
https://arxiv.org/abs/1801.04381
"""

import keras
from keras import KerasTensor, initializers, layers

from seg_keras.layers import batch_norm, conv_bn, halve, round_channels

# Table 2 of the paper: expansion, filters, blocks, stride of the first block, stage that it ends.
GROUPS = (
    (1, 16, 1, 1, "c1"),
    (6, 24, 2, 2, "c2"),
    (6, 32, 3, 2, "c3"),
    (6, 64, 4, 2, None),
    (6, 96, 3, 1, "c4"),
    (6, 160, 3, 2, None),
    (6, 320, 1, 1, "c5"),
)

EPSILON = 1e-3  # of every batch norm, as in the published weights


def mobilenet_v2(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    alpha: float = 1.0,
    channel_divisor: int = 8,
    cascade: str = "",
    weights: str | None = None,
) -> keras.Model:
    """Builds MobileNetV2 without its classifier, dilated where the output stride asks for it.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, strides become dilation rates.
        alpha: Width of every layer against the paper's; published weights exist for 0.35, 0.5,
            0.75, 1.0, 1.3 and 1.4.
        channel_divisor: Widths are rounded to a multiple of it: 8 in the paper, 1 in the narrow
            models of DeepLab's zoo.
        cascade: How to halve the image and, once more, the maps after the first block of stage 3,
            as ICNet does: `"half_pixel"` or `"align_corners"`, see `BilinearResize`; empty for
            not at all. Strides count from the half image.
        weights: None for random ones, `"imagenet"` for those that Keras downloads, or a file
            that Keras saved for its own MobileNetV2.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}`,
        `"c2_expanded"`, the wide features inside the last block at stride 4, and `"c3_first"`,
        the output of the first block of stage 3.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"mobilenet_v2 has output strides 8, 16 and 32, got {output_stride}.")

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="normalize")(inputs)
    if cascade:
        x = halve(x, align_corners=cascade == "align_corners", name="half")
    x = conv_bn(
        x, round_channels(32 * alpha, channel_divisor), 3, strides=2, epsilon=EPSILON, name="stem"
    )
    x = layers.ReLU(6.0, name="stem_relu")(x)

    features, stride, dilation_rate, block = {}, 2, 1, 0
    for expansion, filters, num_blocks, group_stride, stage in GROUPS:
        filters = round_channels(filters * alpha, channel_divisor)
        for index in range(num_blocks):
            strides = group_stride if index == 0 else 1
            reached = strides > 1 and stride == output_stride
            x, expanded = inverted_residual(
                x, filters, expansion, 1 if reached else strides, dilation_rate, f"block{block}"
            )
            if reached:  # the block that gives up its stride keeps the old rate itself
                dilation_rate *= strides
            else:
                stride *= strides
            block += 1
            if stage == "c3" and index == 0:
                features["c3_first"] = x
                if cascade:
                    x = halve(x, align_corners=cascade == "align_corners", name="quarter")
        if stage:
            features[stage] = x
        if stage == "c2":
            features["c2_expanded"] = expanded

    backbone = keras.Model(inputs, features, name="mobilenet_v2")
    if weights is not None:
        load_keras_weights(backbone, alpha, weights)
    return backbone


def inverted_residual(
    x: KerasTensor, filters: int, expansion: int, strides: int, dilation_rate: int, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """Widens, filters each channel by itself, narrows; gives the block's output and its inside."""
    inputs = x
    if expansion > 1:
        x = conv_bn(x, expansion * x.shape[-1], 1, epsilon=EPSILON, name=f"{name}_expand")
        x = layers.ReLU(6.0, name=f"{name}_expand_relu")(x)
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
    expanded = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = conv_bn(expanded, filters, 1, epsilon=EPSILON, name=f"{name}_project")  # stays linear
    if strides == 1 and inputs.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([inputs, x])
    return x, expanded


def load_keras_weights(backbone: keras.Model, alpha: float, weights: str) -> None:
    """Copies the weights of `keras.applications.MobileNetV2` layer by layer, by name."""
    source = keras.applications.MobileNetV2(
        input_shape=(224, 224, 3), alpha=alpha, include_top=False, weights=weights
    )
    for layer in backbone.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(keras_name(layer.name)).get_weights())


def keras_name(name: str) -> str:
    """Our layer name to that of Keras: "block3_expand_bn" to "block_3_expand_BN"."""
    block, *part, kind = name.split("_")
    if block == "stem":
        return "Conv1" if kind == "conv" else "bn_Conv1"
    number = int(block.removeprefix("block"))
    prefix = f"block_{number}" if number else "expanded_conv"
    return "_".join([prefix, *part, *(["BN"] if kind == "bn" else [])])
