"""FCN-8s: the sum of what the strides 32, 16 and 8 say about each pixel.

Reference: Long, Shelhamer, Darrell, "Fully Convolutional Networks for Semantic Segmentation",
CVPR 2015, section 4.2, https://arxiv.org/abs/1411.4038; at once: Shelhamer, Long, Darrell, PAMI
2016, https://arxiv.org/abs/1605.06211
"""

import keras

from seg_keras.layers import cut_to_image, enlarge_bilinear, pixel_classifier, score_skip
from seg_keras.models.fcn32s import fcn_encoder


def fcn8s(
    num_classes: int,
    input_shape: tuple[int, int, int] = (512, 512, 3),
    backbone: str = "vgg16",
    backbone_options: dict | None = None,
    learned_upsampling: str = "intermediate",
    at_once: bool = False,
) -> keras.Model:
    """Builds FCN-8s, which starts from a trained `fcn16s`: `transfer_weights(fcn16s, fcn8s)`.

    Choose it to follow the history, or where pretrained VGG16 weights are all there is; later
    models do more with a tenth of its weights. Its skips start at zero, so that after the transfer
    it says what `fcn16s` said.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, channels) in pixels.
        backbone: `"vgg16"`, `"alexnet"` or `"googlenet"`.
        backbone_options: As for `fcn32s`.
        learned_upsampling: As for `fcn32s`; of the three, the first two are intermediate.
        at_once: Whether to scale the features of the skips down, by 100 and by 10,000, which lets
            all learn in one training without `fcn32s` and `fcn16s` before.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"logits": ...}`, float32
        (B, H, W, num_classes).
    """
    encoder = fcn_encoder(backbone, input_shape, backbone_options, learned_upsampling)
    image, features = encoder.input, encoder.output
    learned = learned_upsampling != "none"
    x = pixel_classifier(features["top"], num_classes, name="score", kernel_initializer="zeros")
    x = enlarge_bilinear(image, x, 2, learned, name="enlarge_score")
    x = score_skip(image, x, features["c4"], 16, 0.01 if at_once else 1.0, name="c4")
    x = enlarge_bilinear(image, x, 2, learned, name="enlarge_c4")
    x = score_skip(image, x, features["c3"], 8, 0.0001 if at_once else 1.0, name="c3")
    x = enlarge_bilinear(image, x, 8, learned_upsampling == "all", name="enlarge8")
    return keras.Model(image, {"logits": cut_to_image(image, x, name="logits")}, name="fcn8s")
