"""PSPNet: every pixel is classified with a summary of the whole scene at hand.

Reference: Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017,
https://arxiv.org/abs/1612.01105
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import BilinearResize, conv_bn_relu, grid_average_pool, segmentation_head


def pspnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (473, 473, 3),
    backbone: str = "resnet50",
    backbone_options: dict | None = None,
    bin_counts: tuple[int, ...] = (1, 2, 3, 6),
    filters: int = 512,
    dropout_rate: float = 0.1,
) -> keras.Model:
    """Builds PSPNet on a backbone dilated to stride 8.

    Choose it when context decides the class (is this water a sea or a pool?). It keeps no
    high-resolution features, so thin objects do better with `deeplab_v3_plus`. The paper's
    backbone has `{"stem": "3x3", "stride_placement": "reduce"}`; its sizes, 473 and 713, are those
    whose maps all of its bins divide.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES`.
        backbone_options: What that backbone takes besides the size, such as `{"stem": "3x3"}`.
        bin_counts: One pyramid branch per entry, averaging over that many bins a side.
        filters: Channels of the fused features; the auxiliary head has half as many.
        dropout_rate: Fraction of fused channels dropped while training.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits, each
        (B, H, W, num_classes): `"logits"` to predict with, `"aux"` only to train with, the paper
        giving it a loss weight of 0.4.

    Raises:
        ValueError: If the features are smaller than a grid of bins.
    """
    encoder = build_backbone(backbone, input_shape, output_stride=8, options=backbone_options)
    c4, c5 = encoder.output["c4"], encoder.output["c5"]  # both (B, H/8, W/8, ...)
    size = input_shape[:2]

    x = pyramid_pooling(c5, bin_counts, name="pyramid")
    x = conv_bn_relu(x, filters, name="fuse")
    x = layers.SpatialDropout2D(dropout_rate, name="fuse_dropout")(x)

    # Section 4 of the paper: a second loss, on stage 4, eases training the deep backbone.
    aux = conv_bn_relu(c4, filters // 2, name="aux_fuse")
    aux = layers.SpatialDropout2D(dropout_rate, name="aux_dropout")(aux)

    outputs = {
        "logits": segmentation_head(x, num_classes, size, align_corners=True, name="logits"),
        "aux": segmentation_head(aux, num_classes, size, align_corners=True, name="aux"),
    }
    return keras.Model(encoder.input, outputs, name="pspnet")


def pyramid_pooling(x: KerasTensor, bin_counts: tuple[int, ...], name: str) -> KerasTensor:
    """Joins (B, h, w, C) with its averages over coarse grids: (B, h, w, about 2C)."""
    height, width, channels = x.shape[1:]
    branches = [x]
    for bins in bin_counts:
        y = grid_average_pool(x, bins, name=f"{name}_pool{bins}")
        y = conv_bn_relu(y, channels // len(bin_counts), 1, name=f"{name}_project{bins}")
        y = BilinearResize((height, width), align_corners=True, name=f"{name}_resize{bins}")(y)
        branches.append(y)
    return layers.Concatenate(name=f"{name}_concat")(branches)
