"""HED: edges as every stage of VGG16 sees them, and their weighted sum.

Reference: Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015,
https://arxiv.org/abs/1504.06375
"""

import keras
from keras import layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import BilinearResize, IdentityInitializer, pixel_classifier


def hed(
    num_classes: int,
    input_shape: tuple[int, int, int] = (480, 480, 3),
    width: float = 1.0,
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds the holistically-nested edge detector.

    Train it with `seg_keras.losses.BalancedEdgeCrossEntropy` and `num_classes=1`; every output
    gets a weight of 1. The paper enlarges side outputs with fixed bilinear kernels, which is
    what resizing does. It pads the image by 35 pixels, this one each convolution.

    Args:
        num_classes: 1 for edges; more for an edge map of each class.
        input_shape: Image (height, width, channels) in pixels.
        width: Channels of every layer against the paper's.
        backbone_options: What `vgg16` takes besides, such as `{"weights": "imagenet"}`.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"`, the fused map, and `"side1"` to `"side5"` to train with.
    """
    options = {"width": width, **(backbone_options or {})}
    encoder = build_backbone("vgg16", input_shape, 32, options)
    sides = {}
    for stage in range(1, 6):
        # Zeros, as in the paper's files: an untrained side says nothing.
        y = pixel_classifier(
            encoder.output[f"c{stage}_conv"],  # (B, H/2^(stage-1), W/2^(stage-1), ...)
            num_classes,
            name=f"side{stage}_classifier",
            kernel_initializer="zeros",
        )
        sides[f"side{stage}"] = BilinearResize(
            input_shape[:2], dtype="float32", name=f"side{stage}"
        )(y)
    joined = layers.Concatenate(dtype="float32", name="sides")(list(sides.values()))
    fused = layers.Conv2D(
        num_classes,
        1,
        kernel_initializer=IdentityInitializer(gain=0.2),
        dtype="float32",
        name="logits",
    )(joined)
    return keras.Model(encoder.input, {"logits": fused, **sides}, name="hed")
