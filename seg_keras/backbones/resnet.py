"""ResNet-50, 101 and 152: stages of residual units, dilated for dense prediction.

References: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, table 1,
https://arxiv.org/abs/1512.03385; dilation and multi-grid after Chen et al., "Rethinking Atrous
Convolution for Semantic Image Segmentation", 2017, https://arxiv.org/abs/1706.05587
"""

import functools

import keras
from keras import KerasTensor, layers

from seg_keras.backbones.resnet_weights import load_keras_weights
from seg_keras.layers import bottleneck, conv_bn_relu, halve, normalize_image, strided_conv_bn

STEMS = ("7x7", "3x3")
STRIDE_PLACEMENTS = ("reduce", "filter", "previous_stage")


def resnet50(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    stem: str = "7x7",
    stride_placement: str = "filter",
    multi_grid: tuple[int, ...] = (1, 1, 1),
    dilation_rates: dict | None = None,
    gate: str = "",
    boost: float = 2.0,
    width: float = 1.0,
    num_units: tuple[int, int, int, int] = (3, 4, 6, 3),
    cascade: str = "",
    weights: str | None = None,
) -> keras.Model:
    """Builds ResNet-50 without its classifier, dilated where the output stride asks for it.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, strides become dilation rates.
        stem: `"7x7"` as in the paper, or `"3x3"` for three convolutions of 64, 64, 128 channels.
        stride_placement: Which convolution halves the size: `"reduce"` (the first 1x1 of a stage,
            as in the paper and in Keras's weights), `"filter"` (its first 3x3), or
            `"previous_stage"` (the last 3x3 of the stage before, as in DeepLab v3).
        multi_grid: Factors of the dilation rates of stage 5, one for each unit.
        dilation_rates: Rates in place of the ordinary ones: `{"c4": (...), "c5": (...)}`, one for
            each unit of the stage.
        gate: Squeeze-and-excitation on the residuals of every undilated stage: `"sigmoid"`,
            `"softmax"`, or empty for none.
        boost: For the softmax gate: further factor of the strongest channel.
        width: Channels of every layer against the paper's.
        num_units: Residual units in the stages 2 to 5.
        cascade: How to halve the image and, once more, the maps after the first unit of stage 3,
            as ICNet does: `"half_pixel"` or `"align_corners"`, see `BilinearResize`; empty for
            not at all. Strides count from the half image.
        weights: None for random ones, `"imagenet"` for those that Keras downloads, or a file
            that Keras saved for its own network of this depth, without the classifier.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}` and
        `"c3_first"`, the output of the first unit of stage 3.
    """
    check_options(output_stride, stem, stride_placement)
    strides = stage_strides(output_stride)
    rates = unit_rates(num_units, output_stride, multi_grid, dilation_rates or {})
    early = stride_placement == "previous_stage"

    inputs = keras.Input(input_shape, name="image")
    x = normalize_image(inputs)
    if cascade:
        x = halve(x, align_corners=cascade == "align_corners", name="half")
    x = stem_block(x, stem, width)  # (B, H/2, W/2, 64 or 128)
    features = {"c1": x}
    x = layers.ZeroPadding2D(1, name="stem_pool_pad")(x)  # no maximum, since it follows a ReLU
    x = layers.MaxPooling2D(3, strides=2, name="stem_pool")(x)
    for index, stage in enumerate(rates):
        for unit, rate in enumerate(rates[stage]):
            unit_strides = strides[index] if unit == 0 and not early else 1
            if early and unit == num_units[index] - 1:
                unit_strides = strides[index + 1]
                features[stage] = x  # the stage's last map of its own size
            x = bottleneck(
                x,
                round(64 * 2**index * width),
                unit_strides,
                rate,
                strides_first=stride_placement == "reduce",
                gate=gate if max(rates[stage]) == 1 else "",
                boost=boost,
                name=f"stage{index + 2}_unit{unit + 1}",
            )
            if stage == "c3" and unit == 0:
                features["c3_first"] = x
                if cascade:
                    x = halve(x, align_corners=cascade == "align_corners", name="quarter")
        if not (early and strides[index + 1] > 1):
            features[stage] = x
    backbone = keras.Model(inputs, features, name="resnet")
    if weights is not None:
        load_keras_weights(backbone, num_units, weights)
    return backbone


resnet101 = functools.partial(resnet50, num_units=(3, 4, 23, 3))
resnet101.__name__ = "resnet101"
resnet152 = functools.partial(resnet50, num_units=(3, 8, 36, 3))
resnet152.__name__ = "resnet152"


def check_options(output_stride: int, stem: str, stride_placement: str) -> None:
    """Refuses what a ResNet cannot be."""
    if output_stride not in (8, 16, 32):
        raise ValueError(f"ResNets have output strides 8, 16 and 32, got {output_stride}.")
    if stem not in STEMS:
        raise ValueError(f"ResNets have no stem {stem!r}. Choose one of: {', '.join(STEMS)}.")
    if stride_placement not in STRIDE_PLACEMENTS:
        raise ValueError(
            f"ResNets have no stride_placement {stride_placement!r}. Choose one of: "
            f"{', '.join(STRIDE_PLACEMENTS)}."
        )


def stage_strides(output_stride: int) -> tuple[int, ...]:
    """How much the stages 2 to 5, and what would follow them, shrink the map."""
    return (1, *(2 if output_stride >= stride else 1 for stride in (8, 16, 32)), 1)


def unit_rates(
    num_units: tuple[int, ...],
    output_stride: int,
    multi_grid: tuple[int, ...],
    dilation_rates: dict,
) -> dict[str, tuple[int, ...]]:
    """Dilation rate of every unit, by stage."""
    base = {"c2": 1, "c3": 1, "c4": max(1, 16 // output_stride), "c5": 32 // output_stride}
    rates = {stage: (base[stage],) * count for stage, count in zip(base, num_units, strict=True)}
    rates["c5"] = tuple(
        base["c5"] * multi_grid[unit % len(multi_grid)] for unit in range(num_units[3])
    )
    rates.update(dilation_rates)
    for (stage, given), count in zip(rates.items(), num_units, strict=True):
        if len(given) != count:
            raise ValueError(
                f"dilation_rates has {len(given)} rates for {stage}, which has {count} units. "
                f"Give one rate for each unit."
            )
    return rates


def stem_block(x: KerasTensor, stem: str, width: float) -> KerasTensor:
    """Halves the image (B, H, W, C): to 64 channels by one large convolution, or 128 by three."""
    filters = round(64 * width)
    if stem == "7x7":
        x = strided_conv_bn(x, filters, 7, 2, name="stem")
        return layers.ReLU(name="stem_relu")(x)
    x = strided_conv_bn(x, filters, 3, 2, name="stem1")
    x = layers.ReLU(name="stem1_relu")(x)
    x = conv_bn_relu(x, filters, name="stem2")
    return conv_bn_relu(x, 2 * filters, name="stem3")
