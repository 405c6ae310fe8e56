"""SegNet: the decoder puts each value back where the encoder's pooling had taken its maximum from.

Reference: Badrinarayanan et al., "SegNet: A Deep Convolutional Encoder-Decoder Architecture for
Image Segmentation", PAMI 2017, https://arxiv.org/abs/1511.00561
"""

import keras
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import conv_bn_relu, enlarge_logits, maps_before_pooling, unpooling_stage

VGG_CONVS = (1, 2, 3, 3, 3)  # of the decoder; the last one of stage 1 is the classifier


def segnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (360, 480, 3),
    backbone: str = "vgg16",
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds SegNet: an encoder, and its mirror image of unpoolings and convolutions.

    Choose it when borders matter and memory is short: what passes from encoder to decoder are the
    places of maxima and no features. With `vgg16`, whose batch norm is on by default, it is the
    published network. Other backbones do not pool everywhere; their maps of stages 1 to 4 are
    taken as if they did, one convolution follows each unpooling, and the logits are enlarged from
    stride 2.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES` whose stages halve their maps.
        backbone_options: What that backbone takes besides the size, such as `{"width": 0.5}`.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    options = dict(backbone_options or {})
    if backbone == "vgg16":
        options.setdefault("batch_norm", True)
    encoder = build_backbone(backbone, input_shape, options=options)
    x = encoder.output["c5"]
    pooled_maps = [y for y in maps_before_pooling(encoder.output) if y is not x]
    num_convs = VGG_CONVS if backbone == "vgg16" else (1,) * len(pooled_maps)

    if x.shape[-1] != pooled_maps[-1].shape[-1]:
        x = conv_bn_relu(x, pooled_maps[-1].shape[-1], 1, name="decoder_reduce")
    for stage in reversed(range(len(pooled_maps))):
        filters = pooled_maps[max(0, stage - 1)].shape[-1]
        x = unpooling_stage(
            x, pooled_maps[stage], num_convs[stage], filters, name=f"decoder{stage + 1}"
        )
    # float32 also under mixed precision: the loss must not see rounded logits.
    x = layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="classifier")(x)
    x = enlarge_logits(x, input_shape[:2], name="logits")
    return keras.Model(encoder.input, {"logits": x}, name="segnet")
