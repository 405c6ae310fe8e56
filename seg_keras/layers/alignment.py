"""Where in the image a feature map looks, and maps of different strides put upon each other.

Reference: Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
section 4.2, https://arxiv.org/abs/1411.4038
"""

import math

import keras
from keras import KerasTensor, layers

from seg_keras.layers.heads import pixel_classifier
from seg_keras.layers.upsampling import BilinearUpsampling2D


def first_center(image: KerasTensor, x: KerasTensor) -> float:
    """Finds the centre of what the first pixel of a map sees, along either axis.

    Follows the map back to the image through paddings, strides and kernels. Pixels of the image
    are at 0, 1, 2, ...; the half image that a stride of 2 sees first has its centre at 0.5.

    Args:
        image: The model's input.
        x: A map (B, h, w, C) of layers that treat height and width alike.
    """
    makers = {id(layer.output): layer for layer in keras.Model(image, x).layers}
    center, layer = 0.0, makers[id(x)]
    while not isinstance(layer, layers.InputLayer):
        center = center_before(layer, center)
        inputs = layer.input
        # Branches that are joined again are aligned with each other.
        layer = makers[id(inputs[0] if isinstance(inputs, list) else inputs)]
    return center


def center_before(layer: keras.Layer, center: float) -> float:
    """The place in a layer's input that stands for a place in its output."""
    if isinstance(layer, layers.ZeroPadding2D):
        return center - layer.padding[0][0]
    if isinstance(layer, layers.Cropping2D):
        return center + layer.cropping[0][0]
    if isinstance(layer, BilinearUpsampling2D):
        return (center - (layer.kernel_size - 1) / 2) / layer.strides
    if isinstance(layer, layers.Conv2D):
        reach = (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
    elif isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        reach = layer.pool_size[0] - 1
    else:
        return center
    strides, padding = layer.strides[0], 0
    if layer.padding == "same":
        height = layer.input.shape[1]
        padding = max(0, (math.ceil(height / strides) - 1) * strides + reach + 1 - height) // 2
    return center * strides + reach / 2 - padding


def enlarge_bilinear(
    image: KerasTensor, x: KerasTensor, strides: int, trainable: bool, name: str
) -> KerasTensor:
    """Enlarges (B, h, w, C) by `BilinearUpsampling2D` so that its pixels meet those of the image.

    The result reaches beyond the map's own field: (B, h x strides + strides, ..., C), or 1 less.
    """
    between = first_center(image, x) % 1
    kernel_size = 2 * strides if between else 2 * strides - 1
    return BilinearUpsampling2D(
        strides, kernel_size, trainable=trainable, dtype="float32", name=name
    )(x)


def add_aligned(
    image: KerasTensor, x: KerasTensor, y: KerasTensor, strides: int, name: str
) -> KerasTensor:
    """Adds two maps of the same strides where both look at the same place: what they share of it.

    (B, h, w, C) and (B, h', w', C) to at most the smaller height and width.
    """
    offset = (first_center(image, y) - first_center(image, x)) / strides
    starts = (max(0, round(offset)), max(0, -round(offset)))
    size = [
        min(a - starts[0], b - starts[1]) for a, b in zip(x.shape[1:3], y.shape[1:3], strict=True)
    ]
    x = cut(x, starts[0], size, name=f"{name}_cut")
    y = cut(y, starts[1], size, name=f"{name}_skip_cut")
    return layers.Add(dtype="float32", name=name)([x, y])


def score_skip(
    image: KerasTensor,
    x: KerasTensor,
    features: KerasTensor,
    strides: int,
    scale: float,
    name: str,
) -> KerasTensor:
    """Adds to scores (B, h, w, K) what features of the same strides, scaled, say; zero at first."""
    if scale != 1:
        features = layers.Rescaling(scale, name=f"{name}_scale")(features)
    y = pixel_classifier(features, x.shape[-1], name=f"{name}_score", kernel_initializer="zeros")
    return add_aligned(image, x, y, strides, name=f"{name}_add")


def cut_to_image(image: KerasTensor, x: KerasTensor, name: str) -> KerasTensor:
    """The part of a map of stride 1 that covers the image: (B, H, W, C)."""
    return cut(x, round(-first_center(image, x)), image.shape[1:3], name)


def cut(x: KerasTensor, start: int, size: tuple[int, int], name: str) -> KerasTensor:
    """Leaves the window (B, *size, C) of a map that begins at row and column `start`."""
    margins = [(start, have - start - want) for have, want in zip(x.shape[1:3], size, strict=True)]
    if not any(map(any, margins)):
        return x
    return layers.Cropping2D(margins, dtype="float32", name=name)(x)
