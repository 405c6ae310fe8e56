"""SegNet-Basic: four stages, and every decoder that the SegNet paper compares on them.

Reference: Badrinarayanan et al., "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, section 3.3 and table 1, https://arxiv.org/abs/1511.00561
"""

import dataclasses
import functools

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    BedOfNails2D,
    BilinearInitializer,
    BilinearResize,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    NearestResize,
    SubpixelConv2DTranspose,
    conv_bn,
    conv_bn_relu,
    crop_to,
    normalize_image,
    pixel_classifier,
)
from seg_keras.layers import batch_norm as normalize

KERNEL_SIZE = 7


@dataclasses.dataclass(frozen=True)
class Stage:
    """What a decoder may take from a stage of the encoder.

    Args:
        features: (B, H, W, filters) before pooling.
        pooled: (B, H/2, W/2, filters), sizes rounded up.
        indices: Which pixel of its window each maximum was, of the same shape.
    """

    features: KerasTensor
    pooled: KerasTensor
    indices: KerasTensor


def segnet_basic(
    num_classes: int,
    input_shape: tuple[int, int, int] = (360, 480, 3),
    decoder: str = "unpooling",
    filters: int = 64,
) -> keras.Model:
    """Builds SegNet-Basic with one of its decoders.

    Choose it to compare ways of upsampling, or for a small model: `unpooling` as published, or
    `unpooling_single_channel` with less than half of its weights. The published file evens out the
    brightness of the image by an LRN; here as everywhere the image is normalised, and its batch
    norms do the rest.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        decoder: A key of `DECODERS`.
        filters: Channels of every convolution.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).

    Raises:
        ValueError: If the decoder is unknown.
    """
    if decoder not in DECODERS:
        raise ValueError(
            f"segnet_basic has no decoder {decoder!r}. Choose one of: {', '.join(DECODERS)}."
        )
    inputs = keras.Input(input_shape, name="image")
    x, stages = normalize_image(inputs), []
    for index in range(1, 5):
        features = conv_bn_relu(x, filters, KERNEL_SIZE, name=f"encoder{index}")
        x, indices = MaxPoolingWithIndices2D(name=f"encoder{index}_pool")(features)
        stages.append(Stage(features, x, indices))
    logits = DECODERS[decoder](stages, num_classes)
    return keras.Model(inputs, {"logits": logits}, name="segnet_basic")


def convolving_decoder(
    stages: list[Stage],
    num_classes: int,
    enlarge: str,
    add_features: bool = False,
    single_channel: bool = False,
) -> KerasTensor:
    """Enlarges and convolves four times, without ReLU; logits (B, H, W, num_classes)."""
    x = stages[-1].pooled
    for index, stage in reversed(list(enumerate(stages, start=1))):
        name = f"decoder{index}"
        x = ENLARGE[enlarge](x, stage, name=f"{name}_{enlarge}")
        if single_channel:
            x = layers.DepthwiseConv2D(
                KERNEL_SIZE,
                padding="same",
                use_bias=False,
                depthwise_initializer="he_normal",
                name=f"{name}_depthwise",
            )(x)
            x = normalize(x, name=f"{name}_bn")
        else:
            x = conv_bn(x, x.shape[-1], KERNEL_SIZE, name=name)
        if add_features:
            x = layers.Add(name=f"{name}_add")([x, stage.features])
    return pixel_classifier(x, num_classes, name="logits")


def unpool(x: KerasTensor, stage: Stage, name: str) -> KerasTensor:
    """Doubles (B, h, w, C): values go where the maxima of the stage stood."""
    return MaxUnpooling2D(stage.features.shape[1:3], name=name)([x, stage.indices])


def bed_of_nails(x: KerasTensor, stage: Stage, name: str) -> KerasTensor:
    """Doubles (B, h, w, C): values go to the top left of their window."""
    return BedOfNails2D(stage.features.shape[1:3], name=name)(x)


def nearest(x: KerasTensor, stage: Stage, name: str) -> KerasTensor:
    """Doubles (B, h, w, C): values fill their window."""
    return NearestResize(stage.features.shape[1:3], name=name)(x)


ENLARGE = {"unpool": unpool, "bed_of_nails": bed_of_nails, "nearest": nearest}


def interpolating_decoder(stages: list[Stage], num_classes: int) -> KerasTensor:
    """Scores the last map and enlarges the scores four times, bilinearly."""
    x = pixel_classifier(stages[-1].pooled, num_classes, name="scores")
    for index, stage in reversed(list(enumerate(stages, start=1))):
        name = "logits" if index == 1 else f"decoder{index}_resize"
        x = BilinearResize(stage.features.shape[1:3], dtype="float32", name=name)(x)
    return x


def deconv_decoder(
    stages: list[Stage], num_classes: int, reduce: bool = True, add_pooled: bool = True
) -> KerasTensor:
    """FCN-Basic: four transposed convolutions of 8x8, which learn from bilinear interpolation.

    With `reduce`, they enlarge scores instead of features, and it is scores that are added.
    """
    # float32 also under mixed precision: the loss must not see rounded logits.
    dtype = "float32" if reduce else None
    # Zeros, as in FCN: four bilinear kernels of 8x8 in a row enlarge the scores by 4^4.
    scores = functools.partial(
        layers.Conv2D, num_classes, 1, kernel_initializer="zeros", dtype="float32"
    )

    def pooled(index):
        x = stages[index - 1].pooled
        return scores(use_bias=False, name=f"scores{index}")(x) if reduce else x

    x = pooled(len(stages))
    for index, stage in reversed(list(enumerate(stages, start=1))):
        name = f"decoder{index}"
        x = SubpixelConv2DTranspose(
            x.shape[-1],
            8,
            use_bias=False,
            kernel_initializer=BilinearInitializer(),
            dtype=dtype,
            name=f"{name}_deconv",
        )(x)
        x = crop_to(x, stage.features.shape[1:3], dtype=dtype, name=f"{name}_crop")
        if add_pooled and index > 1:
            x = layers.Add(dtype=dtype, name=f"{name}_add")([x, pooled(index - 1)])
    return x if reduce else scores(name="logits")(x)


# Table 1 of the paper calls those of unpooling SegNet-Basic, `bilinear` Bilinear-Interpolation and
# those of deconv FCN-Basic; `nearest` and `bed_of_nails` are SegNet-Basic without its indices.
DECODERS = {
    "unpooling": functools.partial(convolving_decoder, enlarge="unpool"),
    "unpooling_encoder_addition": functools.partial(
        convolving_decoder, enlarge="unpool", add_features=True
    ),
    "unpooling_single_channel": functools.partial(
        convolving_decoder, enlarge="unpool", single_channel=True
    ),
    "bilinear": interpolating_decoder,
    "nearest": functools.partial(convolving_decoder, enlarge="nearest"),
    "bed_of_nails": functools.partial(convolving_decoder, enlarge="bed_of_nails"),
    "deconv": deconv_decoder,
    "deconv_no_addition": functools.partial(deconv_decoder, add_pooled=False),
    "deconv_no_dim_reduction": functools.partial(deconv_decoder, reduce=False),
    "deconv_no_addition_no_dim_reduction": functools.partial(
        deconv_decoder, reduce=False, add_pooled=False
    ),
}
