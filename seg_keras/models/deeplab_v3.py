"""DeepLab v3: features of a dilated backbone, looked at through several rates at once.

Reference: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017,
https://arxiv.org/abs/1706.05587; the head without atrous branches is that of section 6.3 of
MobileNetV2, https://arxiv.org/abs/1801.04381
"""

import keras
from keras import KerasTensor

from seg_keras.backbones import build_backbone
from seg_keras.layers import (
    atrous_rates,
    atrous_spatial_pyramid_pooling,
    bottleneck,
    segmentation_head,
)


def deeplab_v3(
    num_classes: int,
    input_shape: tuple[int, int, int] = (513, 513, 3),
    backbone: str = "mobilenet_v2",
    backbone_options: dict | None = None,
    output_stride: int = 16,
    head: str = "aspp",
    filters: int = 256,
    cascade_blocks: int = 3,
) -> keras.Model:
    """Builds DeepLab v3.

    With `head="pooling"` it is the smallest of the family and the usual one on phones; objects
    come out with soft borders, because nothing finer than the output stride reaches the head.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES`.
        backbone_options: What that backbone takes besides the size, such as `{"alpha": 0.5}`.
        output_stride: How many times smaller than the image the features are: 8, 16 or 32.
        head: `"aspp"` for three atrous branches, a 1x1 branch and image pooling; `"pooling"`
            for the 1x1 branch and image pooling alone; `"cascade"` for further residual blocks,
            each with twice the rate of the one before.
        filters: Channels of each branch and of the fused features.
        cascade_blocks: For `"cascade"`: blocks after the backbone, three in the paper.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    heads = ("aspp", "pooling", "cascade")
    if head not in heads:
        raise ValueError(f"deeplab_v3 has no head {head!r}. Choose one of: {', '.join(heads)}.")

    encoder = build_backbone(backbone, input_shape, output_stride, backbone_options)
    x = encoder.output["c5"]  # (B, H/output_stride, W/output_stride, ...)
    if head == "cascade":
        multi_grid = (backbone_options or {}).get("multi_grid", (1, 1, 1))
        x = atrous_cascade(x, cascade_blocks, 32 // output_stride, multi_grid, name="cascade")
    else:
        rates = atrous_rates(output_stride) if head == "aspp" else ()
        x = atrous_spatial_pyramid_pooling(x, filters, rates, separable=False, name="aspp")
    outputs = {"logits": segmentation_head(x, num_classes, input_shape[:2], name="logits")}
    return keras.Model(encoder.input, outputs, name="deeplab_v3")


def atrous_cascade(
    x: KerasTensor, num_blocks: int, base_rate: int, multi_grid: tuple[int, ...], name: str
) -> KerasTensor:
    """Copies of the backbone's last block, one after the other (section 3.2): shape stays.

    `base_rate` is that of the block in the backbone; `multi_grid` has a factor for each unit.
    """
    for block in range(1, num_blocks + 1):
        for unit, factor in enumerate(multi_grid, start=1):
            x = bottleneck(
                x,
                x.shape[-1] // 4,
                dilation_rate=base_rate * 2**block * factor,
                name=f"{name}{block}_unit{unit}",
            )
    return x
