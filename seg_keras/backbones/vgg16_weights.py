"""Weights that Keras publishes for its own VGG16, brought into ours by layer name."""

import math
import warnings

import keras
import numpy as np

from seg_keras.backbones.keras_weights import copy_weights, for_normalized_rgb

WIDE = {"fc6": "fc1", "fc7": "fc2"}  # our wide layers end so, and are called so by Keras


def load_keras_weights(model: keras.Model, weights: str | None) -> None:
    """Copies Keras's VGG16 into a model that has its stages, and perhaps its wide layers.

    Args:
        model: Whatever was built of `vgg_stage` and `fully_connected_as_convs`. Its other layers
            keep their weights and are logged.
        weights: `"imagenet"` or a file, as in `keras.applications`; None to do nothing.

    Raises:
        ValueError: If a stage of the model has other shapes, or the file cannot be loaded.
    """
    if weights is None:
        return
    include_top = any(wide_name(layer.name) for layer in model.layers)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras's for layers that a file lacks
            source = keras.applications.VGG16(include_top=include_top, weights=weights)
    except (ValueError, UserWarning) as error:
        raise ValueError(
            f"weights={weights!r} do not fit Keras's VGG16 {'with' if include_top else 'without'} "
            f"its classifier ({str(error).splitlines()[0]}). Give a file that was saved of that "
            f"form, or 'imagenet'."
        ) from error
    copy_vgg16(source, model)


def copy_vgg16(source: keras.Model, model: keras.Model) -> None:
    """Copies a VGG16 of Keras layer by layer, its wide layers as convolutions."""
    known = {layer.name: layer for layer in source.layers if layer.weights}

    def published(layer: keras.Layer) -> list[np.ndarray] | None:
        wide = wide_name(layer.name)
        if wide in known:
            return as_convolution(known[wide], tuple(layer.kernel.shape))
        if layer.name not in known:
            return None
        kernel, bias = known[layer.name].get_weights()
        return [for_normalized_rgb(kernel) if layer.name == "block1_conv1" else kernel, bias]

    copy_weights(model, published)


def wide_name(name: str) -> str:
    """What Keras calls one of our wide layers: "top_fc6" is "fc1"; empty for other layers."""
    return WIDE.get(name.rsplit("_")[-1], "")


def as_convolution(dense: keras.Layer, shape: tuple[int, int, int, int]) -> list[np.ndarray]:
    """Kernel and bias of a wide layer, on a square window of its inputs' channels.

    A smaller one takes evenly spaced pixels, inputs and outputs, as DeepLab does.
    """
    kernel, bias = dense.get_weights()
    # The first layer was trained on flattened maps of VGG's 512 channels, the second on pixels.
    channels = 512 if dense.name == "fc1" else kernel.shape[0]
    extent = math.isqrt(kernel.shape[0] // channels)
    kernel = kernel.reshape(extent, extent, channels, -1)
    chosen = [evenly_spaced(old, new) for old, new in zip(kernel.shape, shape, strict=True)]
    return [kernel[np.ix_(*chosen)], bias[chosen[-1]]]


def evenly_spaced(count: int, wanted: int) -> np.ndarray:
    """Indices of at most `wanted` of `count` things, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, wanted)).round().astype(int)
