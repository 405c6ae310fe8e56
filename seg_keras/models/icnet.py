"""ICNet: the whole network sees a small image, and larger ones only mend its borders.

Reference: Zhao et al., "ICNet for Real-Time Semantic Segmentation on High-Resolution Images",
ECCV 2018, https://arxiv.org/abs/1704.08545
"""

import functools
from collections.abc import Callable

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import (
    BilinearResize,
    conv_bn,
    conv_bn_relu,
    grid_average_pool,
    segmentation_head,
)

PYRAMID_BINS = (1, 2, 3, 6)  # averages a side, one addend each
WIDTH_STEPS = 8  # every layer's channels at full width divide by it

Resize = Callable[..., BilinearResize]  # the layer, once it is decided what stays in its place

# What the paper's ResNet is beside its depth; the width of the model is its width too.
RESNET_OPTIONS = {"stem": "3x3", "stride_placement": "reduce"}


def icnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (1024, 2048, 3),
    backbone: str = "mobilenet_v2",
    backbone_options: dict | None = None,
    width: float = 0.5,
    align_corners: bool = False,
) -> keras.Model:
    """Builds ICNet.

    Choose it for large images: its cost grows with a quarter of the image, and its borders still
    come from the whole of it. With `"resnet50"` it is the paper's; MobileNets are faster on a CPU.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"resnet50"`, `"mobilenet_v1"` or `"mobilenet_v2"`.
        backbone_options: What that backbone takes besides the size, such as `{"alpha": 0.5}`.
        width: Channels of the heads and of a ResNet against the paper's network before it was
            compressed: 1.0, 0.5 (the released model), or another multiple of 1/8.
        align_corners: Whether maps are resized as in the paper's files, whose sizes are 32k + 1;
            otherwise as everywhere else, which suits any size.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"`, and to train with `"sub24"` (made at stride 8, loss
        weight 0.4) and `"sub4"` (at stride 16, 0.16).

    Raises:
        ValueError: If the width is no multiple of 1/8.
    """
    if width <= 0 or width * WIDTH_STEPS % 1:
        nearest = max(1, round(width * WIDTH_STEPS)) / WIDTH_STEPS
        raise ValueError(f"icnet has widths in steps of 1/8, got {width}. Nearest: {nearest}.")
    cascade = "align_corners" if align_corners else "half_pixel"
    options = {**(backbone_options or {}), "cascade": cascade}
    if backbone.startswith("resnet"):
        options = {**RESNET_OPTIONS, "width": width, **options}
    encoder = build_backbone(backbone, input_shape, output_stride=8, options=options)
    filters, size = int(256 * width), input_shape[:2]
    resize = functools.partial(BilinearResize, align_corners=align_corners)
    head = functools.partial(segmentation_head, size=size, align_corners=align_corners)

    # 1/4 of the image: the whole backbone, whose last maps are at stride 32.
    x = additive_pyramid(encoder.output["c5"], resize, name="pyramid")
    x = conv_bn_relu(x, 2 * filters, 1, name="sub4_fuse")

    # 1/2 of the image: the first stages of the same backbone, at stride 16.
    x, sub4 = cascade_fusion(x, encoder.output["c3_first"], filters, resize, name="sub24")

    # The whole image: three convolutions, at stride 8.
    fine = encoder.get_layer("normalize").output
    for index, count in enumerate((filters // 4, filters // 4, filters // 2), start=1):
        fine = conv_bn_relu(fine, count, strides=2, name=f"sub1_conv{index}")
    x, sub24 = cascade_fusion(x, fine, filters, resize, name="sub124")

    quarter = [-(-extent // 4) for extent in size]
    x = resize(quarter, name="sub124_resize4")(x)
    outputs = {
        "logits": head(x, num_classes, name="logits"),
        "sub24": head(sub24, num_classes, name="sub24"),
        "sub4": head(sub4, num_classes, name="sub4"),
    }
    return keras.Model(encoder.input, outputs, name="icnet")


def additive_pyramid(x: KerasTensor, resize: Resize, name: str) -> KerasTensor:
    """Adds to (B, h, w, C) its averages over coarse grids; the shape stays."""
    branches = [x]
    for bins in PYRAMID_BINS:
        if bins > min(x.shape[1:3]):
            break  # averages as fine as the map of a small image would be the map itself
        y = grid_average_pool(x, bins, name=f"{name}_pool{bins}")
        branches.append(resize(x.shape[1:3], name=f"{name}_resize{bins}")(y))
    return layers.Add(name=f"{name}_add")(branches)


def cascade_fusion(
    coarse: KerasTensor, fine: KerasTensor, filters: int, resize: Resize, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """Joins coarse features (B, h, w, C) with fine ones of about twice the size (section 4.2).

    Gives (B, H, W, filters), and the enlarged coarse features that the guidance classifies.
    """
    coarse = resize(fine.shape[1:3], name=f"{name}_resize")(coarse)
    x = conv_bn(coarse, filters, dilation_rate=2, name=f"{name}_coarse")
    y = conv_bn(fine, filters, 1, name=f"{name}_fine")
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_relu")(x), coarse
