"""DeconvNet: VGG16 down to one vector per window, and its mirror image all the way back up.

Reference: Noh, Hong, Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015,
https://arxiv.org/abs/1505.04366
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.backbones.vgg16_weights import load_keras_weights
from seg_keras.layers import batch_norm, pixel_classifier, unpooling_stage

# Figure 2 of the paper, from the smallest map on: convolutions after each unpooling, and the
# channels that the last of them gives on.
DECODER = {5: (3, 512), 4: (3, 256), 3: (3, 128), 2: (2, 64), 1: (2, 64)}
WINDOW = 7  # pixels of the smallest map that the wide layers see at once


def deconvnet(
    num_classes: int,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    width: float = 1.0,
    backbone_options: dict | None = None,
) -> keras.Model:
    """Builds DeconvNet, which the paper shows one object at a time.

    Choose it to follow the history: of its 252 million weights, 206 million are in two layers that
    `segnet` does without. It was made for 224x224; larger images are seen window by window, smaller
    ones in the middle of an empty window.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        width: Channels of every layer against the paper's.
        backbone_options: What `vgg16` takes besides, such as `{"weights": "imagenet"}`, which the
            wide layers share.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    options = {"batch_norm": True, "width": width, **(backbone_options or {})}
    weights = options.pop("weights", None)
    encoder = build_backbone("vgg16", input_shape, 32, options)
    features = encoder.output
    x = wide_layers(features["c5"], width, name="top")  # (B, H/32, W/32, 512)
    # The paper calls convolutions transposed that, with a stride of 1, are ordinary ones.
    for stage, (num_convs, filters) in DECODER.items():
        x = unpooling_stage(
            x, features[f"c{stage}_conv"], num_convs, round(filters * width), name=f"decoder{stage}"
        )  # (B, H/2^(stage-1), W/2^(stage-1), filters)
    x = pixel_classifier(x, num_classes, name="logits")
    model = keras.Model(encoder.input, {"logits": x}, name="deconvnet")
    load_keras_weights(model, weights)
    return model


def wide_layers(x: KerasTensor, width: float, name: str) -> KerasTensor:
    """Each 7x7 window of (B, h, w, C) to a vector and back, where windows overlap, to their sum."""
    missing = [max(0, WINDOW - extent) for extent in x.shape[1:3]]
    margins = [(pixels // 2, pixels - pixels // 2) for pixels in missing]
    channels = x.shape[-1]
    if any(missing):
        x = layers.ZeroPadding2D(margins, name=f"{name}_pad")(x)
    for index, kernel_size in ((6, WINDOW), (7, 1)):
        x = layers.Conv2D(
            round(4096 * width),
            kernel_size,
            kernel_initializer="he_normal",
            name=f"{name}_fc{index}",
        )(x)
        x = batch_norm(x, name=f"{name}_bn{index}")
        x = layers.ReLU(name=f"{name}_relu{index}")(x)
    x = layers.Conv2DTranspose(
        channels, WINDOW, kernel_initializer="he_normal", name=f"{name}_deconv6"
    )(x)
    x = batch_norm(x, name=f"{name}_deconv6_bn")
    x = layers.ReLU(name=f"{name}_deconv6_relu")(x)
    if any(missing):
        x = layers.Cropping2D(margins, name=f"{name}_crop")(x)
    return x
