"""Dilation10: a dense front end, and a context module that looks ever further without shrinking.

Reference: Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions", ICLR 2016,
https://arxiv.org/abs/1511.07122
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones.vgg16_weights import load_keras_weights
from seg_keras.layers import (
    BilinearResize,
    IdentityInitializer,
    ReflectionPadding,
    normalize_image,
    vgg_stage,
)

STRIDE = 8
MARGIN = 186  # pixels on each side that the unpadded front end uses up


def dilation10(
    num_classes: int,
    input_shape: tuple[int, int, int] = (1024, 1024, 3),
    context_rates: tuple[int, ...] = (1, 1, 2, 4, 8, 16, 32, 64),
    width: float = 1.0,
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds Dilation10: VGG16 without padding, and ten layers of context.

    Choose it to follow the history: the model is large, and slow for what it gives. The image is
    mirrored at its borders by 186 pixels, as the paper's tools do.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        context_rates: Dilation rates of the context module, which has two more layers. Up to 16
            for Dilation8, up to 8 for Dilation7, empty for the front end alone.
        width: Channels of the front end against the paper's.
        backbone_options: `{"weights": ...}` for the front end, as `vgg16` takes them.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    options = dict(backbone_options or {})
    weights = options.pop("weights", None)
    if options:
        raise ValueError(
            f"dilation10 has no backbone_options {', '.join(options)}. Known: weights; its front "
            f"end's channels are set by width."
        )
    inputs = keras.Input(input_shape, name="image")
    height, width_px = ((-extent) % STRIDE for extent in input_shape[:2])
    margins = ((MARGIN, MARGIN + height), (MARGIN, MARGIN + width_px))
    x = ReflectionPadding(margins, name="mirror")(normalize_image(inputs))
    x = front_end(x, num_classes, width)  # (B, H/8, W/8, num_classes)
    if context_rates:
        x = context_module(x, context_rates, name="context")
    size = [extent * STRIDE for extent in x.shape[1:3]]
    x = BilinearResize(size, dtype="float32", name="enlarge")(x)
    beyond = ((0, size[0] - input_shape[0]), (0, size[1] - input_shape[1]))
    x = layers.Cropping2D(beyond, dtype="float32", name="logits")(x)
    model = keras.Model(inputs, {"logits": x}, name="dilation10")
    load_keras_weights(model, weights)
    return model


def front_end(x: KerasTensor, num_classes: int, width: float) -> KerasTensor:
    """VGG16 whose last two pools became dilation; nothing is padded: 8m + 372 pixels to m."""
    for stage in range(1, 6):
        rate = 2 if stage == 5 else 1
        x = vgg_stage(x, stage, width=width, dilation_rate=rate, padding="valid")
        if stage <= 3:
            x = layers.MaxPooling2D(2, name=f"pool{stage}")(x)
    filters = round(4096 * width)
    for index, kernel_size, rate in ((6, 7, 4), (7, 1, 1)):
        x = layers.Conv2D(
            filters,
            kernel_size,
            dilation_rate=rate,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"fc{index}",
        )(x)
        x = layers.Dropout(0.5, name=f"dropout{index}")(x)
    return layers.Conv2D(
        num_classes,
        1,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.001),
        dtype="float32",
        name="front_classifier",
    )(x)


def context_module(x: KerasTensor, dilation_rates: tuple[int, ...], name: str) -> KerasTensor:
    """The basic module of table 1: as many channels as classes, starting as the identity."""
    steps = [(3, rate, "relu") for rate in (*dilation_rates, 1)] + [(1, 1, None)]
    for index, (kernel_size, rate, activation) in enumerate(steps, start=1):
        x = layers.Conv2D(
            x.shape[-1],
            kernel_size,
            padding="same",
            dilation_rate=rate,
            activation=activation,
            kernel_initializer=IdentityInitializer(stddev=0.01),
            dtype="float32",
            name=f"{name}{index}",
        )(x)
    return x
