"""FRRN: one stream keeps every pixel, another pools for context, and they talk at each scale.

Reference: Pohlen et al., "Full-Resolution Residual Networks for Semantic Segmentation in Street
Scenes", CVPR 2017, https://arxiv.org/abs/1611.08323
"""

import keras
from keras import KerasTensor, layers

from seg_keras.layers import (
    BilinearResize,
    NearestResize,
    batch_norm,
    conv_bn,
    conv_bn_relu,
    crop_to,
    segmentation_head,
)

# Table 1 of the paper: (scale, filters, units) on the way down, then on the way up.
VARIANTS = {
    "a": (
        ((2, 96, 3), (4, 192, 4), (8, 384, 2), (16, 384, 2)),
        ((8, 192, 2), (4, 192, 2), (2, 96, 2)),
    ),
    "b": (
        ((2, 96, 3), (4, 192, 4), (8, 384, 2), (16, 384, 2), (32, 384, 2)),
        ((16, 192, 2), (8, 192, 2), (4, 192, 2), (2, 96, 2)),
    ),
}


def frrn(
    num_classes: int,
    input_shape: tuple[int, int, int] = (256, 512, 3),
    variant: str = "a",
    width: float = 1.0,
) -> keras.Model:
    """Builds FRRN-A or FRRN-B.

    The sharpest borders of the family without any pre-training. Not for small devices: its
    residual stream costs at every pixel of the image.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        variant: `"a"`, which pools down to stride 16 (the paper: for 256x512), or `"b"`, which
            goes on to stride 32 (for 512x1024).
        width: Channels of every layer against the paper's; a multiple of 1/16.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    if variant not in VARIANTS:
        raise ValueError(f"frrn has no variant {variant!r}. Choose one of: {', '.join(VARIANTS)}.")
    if width <= 0 or width * 16 % 1:
        nearest = max(1, round(width * 16)) / 16
        raise ValueError(f"frrn has widths in steps of 1/16, got {width}. Nearest: {nearest}.")
    down, up = VARIANTS[variant]
    stem_filters, stream_filters = int(48 * width), int(32 * width)

    inputs = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 255, name="normalize")(inputs)
    x = conv_bn_relu(x, stem_filters, 5, name="stem")
    for index in range(1, 4):
        x = residual_unit(x, stem_filters, name=f"stem_unit{index}")
    stream = conv_bn(x, stream_filters, 1, name="stream")  # (B, H, W, 32), to the end

    for scale, filters, units in down:
        x = layers.MaxPooling2D(2, padding="same", name=f"down{scale}_pool")(x)
        for index in range(1, units + 1):
            name = f"down{scale}_unit{index}"
            x, stream = full_resolution_unit(x, stream, int(filters * width), scale, name)
    for scale, filters, units in up:
        size = [-(-extent // scale) for extent in input_shape[:2]]
        x = BilinearResize(size, name=f"up{scale}_resize")(x)
        for index in range(1, units + 1):
            name = f"up{scale}_unit{index}"
            x, stream = full_resolution_unit(x, stream, int(filters * width), scale, name)

    x = BilinearResize(input_shape[:2], name="full_resize")(x)
    y = conv_bn_relu_of_both(x, stream, stem_filters, name="full_unit1_conv1")
    y = conv_bn(y, stem_filters, name="full_unit1_conv2")
    x = conv_of_both(x, stream, stem_filters, 1, name="full_unit1_project")
    x = layers.Add(name="full_unit1_add")([x, y])
    for index in range(2, 4):
        x = residual_unit(x, stem_filters, name=f"full_unit{index}")
    outputs = {"logits": segmentation_head(x, num_classes, input_shape[:2], name="logits")}
    return keras.Model(inputs, outputs, name="frrn")


def residual_unit(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Two 3x3 convolutions beside the identity: (B, H, W, C) to (B, H, W, filters)."""
    y = conv_bn_relu(x, filters, name=f"{name}_conv1")
    y = conv_bn(y, filters, name=f"{name}_conv2")
    if x.shape[-1] != filters:
        x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_project")(x)
    return layers.Add(name=f"{name}_add")([x, y])


def full_resolution_unit(
    x: KerasTensor, stream: KerasTensor, filters: int, scale: int, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """Lets the pooled features (B, H/scale, W/scale, C) and the full-size stream see each other.

    Gives the new pooled features (B, H/scale, W/scale, filters) and the new stream.
    """
    height, width, channels = stream.shape[1:]
    y = layers.MaxPooling2D(scale, padding="same", name=f"{name}_pool")(stream)
    x = conv_bn_relu_of_both(x, y, filters, name=f"{name}_conv1")
    x = conv_bn_relu(x, filters, name=f"{name}_conv2")
    y = layers.Conv2D(channels, 1, name=f"{name}_residual")(x)
    size = [extent * scale for extent in y.shape[1:3]]
    y = crop_to(NearestResize(size, name=f"{name}_resize")(y), (height, width), f"{name}_crop")
    return x, layers.Add(name=f"{name}_add")([stream, y])


def conv_of_both(
    x: KerasTensor, stream: KerasTensor, filters: int, kernel_size: int, *, name: str
) -> KerasTensor:
    """A convolution over two maps side by side, as the sum of one over each.

    What the stream has summed up ranges several times as far as the pooled features. Joined first,
    both would have to share one range in int8, which leaves the features a tenth of their steps.
    """
    convs = [
        layers.Conv2D(
            filters,
            kernel_size,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_of_{part}",
        )(y)
        for part, y in (("features", x), ("stream", stream))
    ]
    return layers.Add(name=f"{name}_sum")(convs)


def conv_bn_relu_of_both(
    x: KerasTensor, stream: KerasTensor, filters: int, *, name: str
) -> KerasTensor:
    """3x3 convolution over both, batch norm and ReLU: two (B, h, w, C) to (B, h, w, filters)."""
    x = batch_norm(conv_of_both(x, stream, filters, 3, name=name), name=f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x)
