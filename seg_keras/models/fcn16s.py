"""FCN-16s: FCN-32s with a second opinion from features of half its stride.

Reference: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation",
CVPR 2015, section 4.2, https://arxiv.org/abs/1411.4038
"""

import keras

from seg_keras.layers import cut_to_image, enlarge_bilinear, pixel_classifier, score_skip
from seg_keras.models.fcn32s import fcn_encoder


def fcn16s(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 512, 3),
    backbone: str = "vgg16",
    backbone_options: dict | None = None,
    learned_upsampling: str = "intermediate",
    at_once: bool = False,
) -> keras.Model:
    """Builds FCN-16s, which starts from a trained `fcn32s`: `transfer_weights(fcn32s, fcn16s)`.

    Choose it to start `fcn8s` from. Its skip starts at zero, so that after the transfer it says
    what `fcn32s` said.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"vgg16"`, `"alexnet"` or `"googlenet"`.
        backbone_options: As for `fcn32s`.
        learned_upsampling: As for `fcn32s`; of the two, the first is intermediate.
        at_once: Whether to scale the skip's features down by 100, which lets all learn in one
            training without `fcn32s` before.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    encoder = fcn_encoder(backbone, input_shape, backbone_options, learned_upsampling)
    image, features = encoder.input, encoder.output
    x = pixel_classifier(features["top"], num_classes, name="score", kernel_initializer="zeros")
    x = enlarge_bilinear(image, x, 2, learned_upsampling != "none", name="enlarge_score")
    x = score_skip(image, x, features["c4"], 16, 0.01 if at_once else 1.0, name="c4")
    x = enlarge_bilinear(image, x, 16, learned_upsampling == "all", name="enlarge16")
    return keras.Model(image, {"logits": cut_to_image(image, x, name="logits")}, name="fcn16s")
