"""MobileNetV3: searched blocks of MobileNetV2 with channel gates and piecewise linear swish.

Reference: Howard et al., "Searching for MobileNetV3", ICCV 2019,
https://arxiv.org/abs/1905.02244
"""

import keras
from keras import KerasTensor, initializers, layers

from seg_keras.layers import HardSwish, batch_norm, conv_bn, round_channels, squeeze_excite

# Table 1 of the paper: kernel size, expanded filters, filters, gate, hard swish, stride, stage
# that the block ends.
LARGE = (
    (3, 16, 16, False, False, 1, "c1"),
    (3, 64, 24, False, False, 2, None),
    (3, 72, 24, False, False, 1, "c2"),
    (5, 72, 40, True, False, 2, None),
    (5, 120, 40, True, False, 1, None),
    (5, 120, 40, True, False, 1, "c3"),
    (3, 240, 80, False, True, 2, None),
    (3, 200, 80, False, True, 1, None),
    (3, 184, 80, False, True, 1, None),
    (3, 184, 80, False, True, 1, None),
    (3, 480, 112, True, True, 1, None),
    (3, 672, 112, True, True, 1, "c4"),
    (5, 672, 160, True, True, 2, None),
    (5, 960, 160, True, True, 1, None),
    (5, 960, 160, True, True, 1, None),
)

# Table 2 of the paper, likewise. Its stem is the whole of stage 1.
SMALL = (
    (3, 16, 16, True, False, 2, "c2"),
    (3, 72, 24, False, False, 2, None),
    (3, 88, 24, False, False, 1, "c3"),
    (5, 96, 40, True, True, 2, None),
    (5, 240, 40, True, True, 1, None),
    (5, 240, 40, True, True, 1, None),
    (5, 120, 48, True, True, 1, None),
    (5, 144, 48, True, True, 1, "c4"),
    (5, 288, 96, True, True, 2, None),
    (5, 576, 96, True, True, 1, None),
    (5, 576, 96, True, True, 1, None),
)

TAILS = {"full": 1.0, "reduced": 0.5}
EPSILON = 1e-3  # of every batch norm, as in the published weights


def mobilenet_v3_large(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    alpha: float = 1.0,
    tail: str = "full",
    weights: str | None = None,
) -> keras.Model:
    """Builds MobileNetV3-Large without its classifier, dilated where the output stride asks for it.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, strides become dilation rates.
        alpha: Width of every layer against the paper's.
        tail: `"full"`, or `"reduced"` for half the channels in the last stage (section 6.4 of the
            paper: the classes of a road need fewer than the 1,000 of ImageNet).
        weights: None for random ones, `"imagenet"` for those that Keras downloads, or a file
            that Keras saved for its own MobileNetV3; full width and tail only.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}` and
        `"c3_expanded"`, the wide features inside the last block at stride 8.
    """
    return _mobilenet_v3("mobilenet_v3_large", input_shape, output_stride, alpha, tail, weights)


def mobilenet_v3_small(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    alpha: float = 1.0,
    tail: str = "full",
    weights: str | None = None,
) -> keras.Model:
    """Builds MobileNetV3-Small; arguments and result are those of `mobilenet_v3_large`."""
    return _mobilenet_v3("mobilenet_v3_small", input_shape, output_stride, alpha, tail, weights)


def _mobilenet_v3(
    name: str,
    input_shape: tuple[int, int, int],
    output_stride: int,
    alpha: float,
    tail: str,
    weights: str | None,
) -> keras.Model:
    if output_stride not in (8, 16, 32):
        raise ValueError(f"{name} has output strides 8, 16 and 32, got {output_stride}.")
    if tail not in TAILS:
        raise ValueError(f"{name} has no tail {tail!r}. Choose one of: {', '.join(TAILS)}.")
    if weights is not None and (alpha, tail) != (1.0, "full"):
        raise ValueError(
            f"Published weights of {name} have alpha 1.0 and the full tail, got {alpha} and "
            f"{tail!r}. Give weights=None, or the full model."
        )

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="normalize")(inputs)
    x = conv_bn(x, round_channels(16 * alpha, 8), strides=2, epsilon=EPSILON, name="stem")
    x = HardSwish(name="stem_swish")(x)

    features, stride, dilation_rate = {"c1": x}, 2, 1
    blocks = LARGE if name == "mobilenet_v3_large" else SMALL
    for index, (kernel_size, wide, filters, gate, swish, strides, stage) in enumerate(blocks, 1):
        if "c4" in features:  # the tail: what follows; its first block widens stage 4 as much
            filters *= TAILS[tail]
            wide *= TAILS[tail]
        reached = strides > 1 and stride == output_stride
        x, expanded = inverted_residual(
            x,
            round_channels(filters * alpha, 8),
            round_channels(wide * alpha, 8),
            (kernel_size, 1 if reached else strides, dilation_rate),
            gate,
            swish,
            name=f"block{index}",
        )
        if reached:  # the block that gives up its stride keeps the old rate itself
            dilation_rate *= strides
        else:
            stride *= strides
        if stage:
            features[stage] = x
        if stage == "c3":
            features["c3_expanded"] = expanded

    wide = round_channels(blocks[-1][1] * TAILS[tail] * alpha, 8)
    x = conv_bn(x, wide, 1, epsilon=EPSILON, name="last")
    features["c5"] = HardSwish(name="last_swish")(x)
    backbone = keras.Model(inputs, features, name=name)
    if weights is not None:
        load_keras_weights(backbone, weights)
    return backbone


def inverted_residual(
    x: KerasTensor,
    filters: int,
    expanded_filters: int,
    depthwise: tuple[int, int, int],
    gate: bool,
    swish: bool,
    name: str,
) -> tuple[KerasTensor, KerasTensor]:
    """Widens, filters each channel by itself, weighs the channels, narrows.

    `depthwise` is kernel size, stride and dilation rate of the depthwise convolution. Gives the
    block's output and its inside, as it is before the gate.
    """
    inputs = x
    if expanded_filters != inputs.shape[-1]:
        x = conv_bn(x, expanded_filters, 1, epsilon=EPSILON, name=f"{name}_expand")
        x = activation(x, swish, name=f"{name}_expand")
    kernel_size, strides, dilation_rate = depthwise
    x = layers.DepthwiseConv2D(
        kernel_size,
        strides=strides,
        padding="same",
        dilation_rate=dilation_rate,
        use_bias=False,
        depthwise_initializer=initializers.TruncatedNormal(stddev=1 / kernel_size),
        name=f"{name}_depthwise_conv",
    )(x)
    x = batch_norm(x, epsilon=EPSILON, name=f"{name}_depthwise_bn")
    x = expanded = activation(x, swish, name=f"{name}_depthwise")
    if gate:
        x = squeeze_excite(x, round_channels(expanded_filters / 4, 8), name=f"{name}_gate")
    x = conv_bn(x, filters, 1, epsilon=EPSILON, name=f"{name}_project")  # stays linear
    if strides == 1 and inputs.shape[-1] == filters:
        x = layers.Add(name=f"{name}_add")([inputs, x])
    return x, expanded


def activation(x: KerasTensor, swish: bool, name: str) -> KerasTensor:
    """Hard swish where the table says so, ReLU elsewhere."""
    return HardSwish(name=f"{name}_swish")(x) if swish else layers.ReLU(name=f"{name}_relu")(x)


def load_keras_weights(backbone: keras.Model, weights: str) -> None:
    """Copies the weights of Keras's own MobileNetV3 layer by layer, by name."""
    builders = {
        "mobilenet_v3_large": keras.applications.MobileNetV3Large,
        "mobilenet_v3_small": keras.applications.MobileNetV3Small,
    }
    source = builders[backbone.name]((224, 224, 3), include_top=False, weights=weights)
    for layer in backbone.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(keras_name(layer.name)).get_weights())


def keras_name(name: str) -> str:
    """Our layer name to that of Keras: "block3_gate_squeeze_conv" to that of `expanded_conv_2`."""
    block, *part, kind = name.split("_")
    suffix = "_bn" if kind == "bn" else ""
    if block in ("stem", "last"):
        return {"stem": "conv", "last": "conv_1"}[block] + suffix
    number = int(block.removeprefix("block")) - 1
    prefix = f"expanded_conv_{number}" if number else "expanded_conv"
    if part[0] == "gate":
        return f"{prefix}_squeeze_excite_conv{'' if part[1] == 'squeeze' else '_1'}"
    return f"{prefix}_{part[0]}{suffix}"
