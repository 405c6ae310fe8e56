"""FCN-32s: a classifier that slides over the image, and its coarse answer enlarged.

Reference: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation",
CVPR 2015, https://arxiv.org/abs/1411.4038
"""

import keras

from seg_keras.backbones import build_backbone
from seg_keras.layers import cut_to_image, enlarge_bilinear, pixel_classifier

BACKBONES = ("alexnet", "googlenet", "vgg16")
LEARNED_UPSAMPLING = ("none", "intermediate", "all")


def fcn32s(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 512, 3),
    backbone: str = "vgg16",
    backbone_options: dict | None = None,
    learned_upsampling: str = "intermediate",
    freeze_features: bool = False,
) -> keras.Model:
    """Builds FCN-32s, the first of three trainings that end with `fcn8s`.

    Choose it to start `fcn16s` from; by itself its borders are as coarse as its stride. VGG16 has
    134 million weights, nearly all in one layer, GoogLeNet 6 million.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"vgg16"`, `"alexnet"` or `"googlenet"`.
        backbone_options: What that backbone takes besides the size, such as
            `{"weights": "imagenet"}`; `{"margin": 100}` for the published form, whose image stands
            in a wide black frame and whose maps are cut to it.
        learned_upsampling: Which transposed convolutions learn, rather than stay bilinear:
            `"intermediate"` ones as in the paper, of which this model has none, `"none"` as in
            the published files, or `"all"`.
        freeze_features: Whether only the scores learn (FCN-32s-fixed).

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    encoder = fcn_encoder(backbone, input_shape, backbone_options, learned_upsampling)
    if freeze_features:
        for layer in encoder.layers:
            layer.trainable = False
    image = encoder.input
    # Zeros, as in the published files: an untrained score says nothing.
    x = pixel_classifier(
        encoder.output["top"], num_classes, name="score", kernel_initializer="zeros"
    )  # (B, H/32, W/32, num_classes)
    x = enlarge_bilinear(image, x, 32, learned_upsampling == "all", name="enlarge32")
    return keras.Model(image, {"logits": cut_to_image(image, x, name="logits")}, name="fcn32s")


def fcn_encoder(
    backbone: str,
    input_shape: tuple[int, int, int],
    backbone_options: dict | None,
    learned_upsampling: str,
) -> keras.Model:
    """A backbone with its wide layers; refuses what no FCN can be."""
    if backbone not in BACKBONES:
        raise ValueError(
            f"FCNs have no backbone {backbone!r}. Choose one of: {', '.join(BACKBONES)}."
        )
    if learned_upsampling not in LEARNED_UPSAMPLING:
        raise ValueError(
            f"FCNs have no learned_upsampling {learned_upsampling!r}. Choose one of: "
            f"{', '.join(LEARNED_UPSAMPLING)}."
        )
    return build_backbone(backbone, input_shape, 32, {**(backbone_options or {}), "top": True})
