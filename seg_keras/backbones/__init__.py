"""Backbones by name: the part of a model that turns an image into feature maps.

A backbone takes RGB images (B, H, W, C) in [0, 255]; its first layer normalises them. It gives a
dict of its stages' last maps, `"c1"` to `"c5"`: `cN` is 2^N times smaller than the image, sizes
rounded up, but never smaller than `output_stride` says. A map that some head is defined on stands
beside them under a name of its own (`"c2_expanded"`).
"""

import inspect

import keras

from seg_keras.backbones.alexnet import alexnet
from seg_keras.backbones.googlenet import googlenet
from seg_keras.backbones.mobilenet_v1 import mobilenet_v1
from seg_keras.backbones.mobilenet_v2 import mobilenet_v2
from seg_keras.backbones.mobilenet_v3 import mobilenet_v3_large, mobilenet_v3_small
from seg_keras.backbones.resnet import resnet50, resnet101, resnet152
from seg_keras.backbones.vgg16 import vgg16
from seg_keras.backbones.xception65 import xception65

__all__ = ["BACKBONES", "build_backbone"]

BACKBONES = {
    "alexnet": alexnet,
    "googlenet": googlenet,
    "mobilenet_v1": mobilenet_v1,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3_large": mobilenet_v3_large,
    "mobilenet_v3_small": mobilenet_v3_small,
    "resnet101": resnet101,
    "resnet152": resnet152,
    "resnet50": resnet50,
    "vgg16": vgg16,
    "xception65": xception65,
}


def build_backbone(
    name: str,
    input_shape: tuple[int, int, int],
    output_stride: int = 32,
    options: dict | None = None,
) -> keras.Model:
    """Builds a backbone by name.

    Args:
        name: A key of `BACKBONES`.
        input_shape: Image (height, width, channels) in pixels.
        output_stride: How many times smaller than the image `"c5"` is.
        options: Further arguments of that backbone, such as `{"alpha": 0.5}`.
    """
    if name not in BACKBONES:
        raise ValueError(
            f"Unknown backbone {name!r}. Choose one of: {', '.join(sorted(BACKBONES))}."
        )
    known = [*inspect.signature(BACKBONES[name]).parameters][2:]
    unknown = [option for option in options or {} if option not in known]
    if unknown:
        raise ValueError(
            f"{name} has no option {', '.join(unknown)}. Its backbone_options: {', '.join(known)}."
        )
    return BACKBONES[name](input_shape, output_stride, **(options or {}))
