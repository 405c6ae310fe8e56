"""CRF-RNN: a fully convolutional network that learns together with its conditional random field.

Reference: Zheng et al., "Conditional Random Fields as Recurrent Neural Networks", ICCV 2015,
https://arxiv.org/abs/1502.03240; the network is FCN-8s, Long et al., CVPR 2015,
https://arxiv.org/abs/1411.4038
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones import build_backbone
from seg_keras.layers import BilinearResize, MeanField, pixel_classifier


def crf_rnn(
    num_classes: int,
    input_shape: tuple[int, int, int] = (500, 500, 3),
    backbone: str = "resnet50",
    backbone_options: dict | None = None,
    bilateral_xy: float = 160.0,
    bilateral_rgb: float = 3.0,
    num_samples: int = 1024,
) -> keras.Model:
    """Builds skips at strides 32, 16 and 8, and a CRF on their sum.

    Choose it where borders follow colours and memory allows it; `seg_keras.inference.DenseCRF`
    refines any trained model without training the CRF. Train the network first: `"unary"` has
    a loss of its own.

    Args:
        num_classes: Number of classes to predict, the ignored label not counted.
        input_shape: Image (height, width, 3) in pixels.
        backbone: A name in `seg_keras.backbones.BACKBONES`.
        backbone_options: What that backbone takes besides the size, such as `{"width": 0.5}`.
        bilateral_xy: Width in pixels of the CRF's kernel of place and colour.
        bilateral_rgb: Its width in steps of colour, of 255.
        num_samples: Most pixels by which that kernel is approximated: see `MeanField`.

    Returns:
        A model from RGB images (B, H, W, 3) in [0, 255] to a dict of float32 logits
        (B, H, W, num_classes): `"logits"`, and `"unary"`, those of the network alone.
    """
    encoder = build_backbone(backbone, input_shape, 32, backbone_options)
    unary = skip_logits(encoder.output, num_classes, input_shape[:2])
    logits = MeanField(
        bilateral_xy, bilateral_rgb, num_samples=num_samples, dtype="float32", name="logits"
    )([unary, encoder.input])
    return keras.Model(encoder.input, {"logits": logits, "unary": unary}, name="crf_rnn")


def skip_logits(
    features: dict[str, KerasTensor], num_classes: int, size: tuple[int, int]
) -> KerasTensor:
    """Sums the opinions of the stages 5, 4 and 3, coarse ones enlarged: (B, *size, num_classes)."""
    x = pixel_classifier(features["c5"], num_classes, name="c5_classifier")
    for stage in ("c4", "c3"):
        y = pixel_classifier(features[stage], num_classes, name=f"{stage}_classifier")
        x = BilinearResize(y.shape[1:3], dtype="float32", name=f"{stage}_resize")(x)
        x = layers.Add(dtype="float32", name=f"{stage}_add")([x, y])
    return BilinearResize(size, dtype="float32", name="unary")(x)
