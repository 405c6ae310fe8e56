"""LR-ASPP: two convolutions, a gate made of the whole scene, and one finer map.

Reference: Howard et al., "Searching for MobileNetV3", ICCV 2019, section 6.4,
https://arxiv.org/abs/1905.02244
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import BilinearResize, HardSigmoid, conv_bn_relu, pixel_classifier


def lraspp(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 1024, 3),
    backbone: str = "mobilenet_v3_small",
    backbone_options: dict | None = None,
    output_stride: int = 16,
    filters: int = 128,
    tail: str = "reduced",
) -> keras.Model:
    """Builds LR-ASPP on a MobileNetV3.

    The fastest of the family: almost all of its work is the backbone. Objects of a few pixels
    are lost, because nothing finer than stride 8 reaches the head.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"mobilenet_v3_small"` or `"mobilenet_v3_large"`.
        backbone_options: What that backbone takes besides size and tail.
        output_stride: How many times smaller than the image the features are: 16 or 32.
        filters: Channels of the head.
        tail: `"reduced"` for half the channels in the backbone's last stage, or `"full"`.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    if not backbone.startswith("mobilenet_v3_"):
        raise ValueError(
            f"lraspp has no backbone {backbone!r}. Choose one of: mobilenet_v3_large, "
            f"mobilenet_v3_small."
        )
    options = {**(backbone_options or {}), "tail": tail}
    encoder = build_backbone(backbone, input_shape, output_stride, options)
    c5, details = encoder.output["c5"], encoder.output["c3_expanded"]

    x = conv_bn_relu(c5, filters, 1, name="features")
    gate = coarse_gate(c5, filters, name="gate")
    x = layers.Multiply(name="gated")([x, gate])
    # Classified before they are enlarged: the sum is the same, at a fraction of the work.
    x = pixel_classifier(x, num_classes, name="logits_classifier")
    x = BilinearResize(details.shape[1:3], dtype="float32", name="logits_resize8")(x)
    y = pixel_classifier(details, num_classes, name="details_classifier")  # at stride 8
    x = layers.Add(dtype="float32", name="logits_add")([x, y])
    x = BilinearResize(input_shape[:2], dtype="float32", name="logits")(x)
    return keras.Model(encoder.input, {"logits": x}, name="lraspp")


def coarse_gate(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Gates in [0, 1] of averages over large windows: (B, h, w, C) to (B, h, w, filters)."""
    height, width = x.shape[1:3]
    # The paper's 49x49 window and (16, 20) stride belong to a 64x128 map; the same shares of any.
    window = (max(1, round(height * 49 / 64)), max(1, round(width * 49 / 128)))
    strides = (max(1, round(height * 16 / 64)), max(1, round(width * 20 / 128)))
    x = layers.AveragePooling2D(window, strides, name=f"{name}_average")(x)
    x = layers.Conv2D(filters, 1, name=f"{name}_conv")(x)
    x = HardSigmoid(name=name)(x)
    return BilinearResize((height, width), name=f"{name}_resize")(x)
