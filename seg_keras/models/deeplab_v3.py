"""DeepLab v3: features of a dilated backbone, looked at through several rates at once.

Reference: Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", 2017,
https://arxiv.org/abs/1706.05587; the head without atrous branches is that of section 6.3 of
MobileNetV2, https://arxiv.org/abs/1801.04381
"""

import keras

from seg_keras.backbones import build_backbone
from seg_keras.layers import atrous_rates, atrous_spatial_pyramid_pooling, segmentation_head


def deeplab_v3(
    num_classes: int,
    input_shape: tuple[int, int, int] = (513, 513, 3),
    backbone: str = "mobilenet_v2",
    backbone_options: dict | None = None,
    output_stride: int = 16,
    head: str = "aspp",
    filters: int = 256,
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
            for the 1x1 branch and image pooling alone.
        filters: Channels of each branch and of the fused features.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    heads = {"aspp": atrous_rates(output_stride), "pooling": ()}
    if head not in heads:
        raise ValueError(f"deeplab_v3 has no head {head!r}. Choose one of: {', '.join(heads)}.")

    encoder = build_backbone(backbone, input_shape, output_stride, backbone_options)
    x = atrous_spatial_pyramid_pooling(
        encoder.output["c5"], filters, heads[head], separable=False, name="aspp"
    )
    outputs = {"logits": segmentation_head(x, num_classes, input_shape[:2], name="logits")}
    return keras.Model(encoder.input, outputs, name="deeplab_v3")
