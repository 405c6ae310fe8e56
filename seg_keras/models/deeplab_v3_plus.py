"""DeepLab v3+: DeepLab v3 whose answer is sharpened with features at a quarter of the size.

Reference: Chen et al., "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", ECCV 2018, https://arxiv.org/abs/1802.02611
"""

import keras

from seg_keras.backbones import build_backbone
from seg_keras.layers import (
    atrous_rates,
    atrous_spatial_pyramid_pooling,
    refine_with_details,
    segmentation_head,
)


def deeplab_v3_plus(
    num_classes: int,
    input_shape: tuple[int, int, int] = (513, 513, 3),
    backbone: str = "mobilenet_v2",
    backbone_options: dict | None = None,
    output_stride: int = 16,
    separable: bool = True,
    filters: int = 256,
    boundary_head: bool = False,
) -> keras.Model:
    """Builds DeepLab v3+: encoder, atrous pyramid and a decoder at stride 4.

    A good first choice on the road: sharp borders and thin objects at a small cost. With
    `separable=True` and MobileNetV2 it runs live on a phone.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES`.
        backbone_options: What that backbone takes besides the size, such as `{"alpha": 0.5}`.
        output_stride: How many times smaller than the image the encoder's features are.
        separable: Whether the 3x3 convolutions of pyramid and decoder are depthwise separable.
        filters: Channels of the pyramid and of the decoder.
        boundary_head: Whether to predict edges too, which teaches the features where objects end
            and costs nothing once deployed.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes). With the boundary head also `"boundary"`, (B, H, W, 1): the logit
        of an edge, to train with `seg_keras.losses.BalancedEdgeCrossEntropy`.
    """
    encoder = build_backbone(backbone, input_shape, output_stride, backbone_options)
    features = encoder.output
    x = atrous_spatial_pyramid_pooling(
        features["c5"], filters, atrous_rates(output_stride), separable=separable, name="aspp"
    )
    details = features.get("c2_expanded", features["c2"])  # (B, H/4, W/4, ...)
    x = refine_with_details(x, details, filters, separable=separable, name="decoder")
    outputs = {"logits": segmentation_head(x, num_classes, input_shape[:2], name="logits")}
    if boundary_head:
        outputs["boundary"] = segmentation_head(x, 1, input_shape[:2], name="boundary")
    return keras.Model(encoder.input, outputs, name="deeplab_v3_plus")
