"""VGG16: stages of 3x3 convolutions between poolings, and wide layers that became convolutions.

References: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, configuration D, https://arxiv.org/abs/1409.1556; as a fully convolutional
network Long et al., CVPR 2015, https://arxiv.org/abs/1411.4038; dilated Chen et al., ICLR 2015,
https://arxiv.org/abs/1412.7062
"""

import keras
from keras import KerasTensor, layers

from seg_keras.backbones.vgg16_weights import load_keras_weights
from seg_keras.layers import fully_connected_as_convs, normalize_image, vgg_stage

POOLINGS = ("2x2", "3x3")


def vgg16(
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    pooling: str = "2x2",
    batch_norm: bool = False,
    top: bool = False,
    margin: int = 0,
    width: float = 1.0,
    weights: str | None = None,
) -> keras.Model:
    """Builds VGG16 without its classifier, dilated where the output stride asks for it.

    Args:
        input_shape: Image (height, width, channels) in pixels.
        output_stride: 8, 16 or 32; once reached, poolings are left out and convolutions dilated.
        pooling: `"2x2"` as in the paper, or `"3x3"` as in DeepLab v1: of overlapping windows,
            which stay where the stride is gone, the last followed by an average.
        batch_norm: Whether each convolution is followed by a batch norm.
        top: Whether to add `"top"`, the two wide layers as convolutions of 7x7 and 1x1.
        margin: Zeros around the normalised image that the first convolution sees; the published
            FCN has 100, and a `"top"` without padding.
        width: Channels of every layer against the paper's.
        weights: None for random ones, `"imagenet"` for those that Keras downloads, or a file
            that Keras saved for its own VGG16: with the classifier for `top`, else without.

    Returns:
        A model from RGB images (B, H, W, C) in [0, 255] to `{"c1": ..., "c5": ...}`, the pooled
        maps, `"c1_conv"` to `"c5_conv"`, the maps that are pooled, and `"top"`.
    """
    if output_stride not in (8, 16, 32):
        raise ValueError(f"vgg16 has output strides 8, 16 and 32, got {output_stride}.")
    if pooling not in POOLINGS:
        raise ValueError(f"vgg16 has no pooling {pooling!r}. Choose one of: {', '.join(POOLINGS)}.")

    inputs = keras.Input(input_shape, name="image")
    x = normalize_image(inputs)
    if margin:  # the first convolution pads by the last one itself
        x = layers.ZeroPadding2D(margin - 1, name="margin")(x)
    features, dilation_rate = {}, 1
    for stage in range(1, 6):
        x = vgg_stage(
            x, stage, width=width, dilation_rate=dilation_rate, batch_norm=batch_norm
        )  # (B, H/2^(stage-1), W/2^(stage-1), ...)
        features[f"c{stage}_conv"] = x
        strided = 2**stage <= output_stride
        x = pool(x, pooling, strided, name=f"block{stage}_pool")
        dilation_rate *= 1 if strided else 2
        if pooling == "3x3" and stage == 5:
            x = layers.AveragePooling2D(3, strides=1, padding="same", name="block5_average")(x)
        features[f"c{stage}"] = x
    if top:
        features["top"] = fully_connected_as_convs(
            x,
            round(4096 * width),
            7,
            dilation_rate,
            padding="valid" if margin else "same",
            name="top",
        )
    backbone = keras.Model(inputs, features, name="vgg16")
    load_keras_weights(backbone, weights)
    return backbone


def pool(x: KerasTensor, pooling: str, strided: bool, name: str) -> KerasTensor:
    """Halves (B, H, W, C), sizes rounded up; without a stride, only windows that overlap stay."""
    if pooling == "2x2":
        return layers.MaxPooling2D(2, padding="same", name=name)(x) if strided else x
    if not strided:
        return layers.MaxPooling2D(3, strides=1, padding="same", name=name)(x)
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)  # no maximum, since it follows a ReLU
    return layers.MaxPooling2D(3, strides=2, name=name)(x)
