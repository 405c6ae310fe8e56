"""Bringing weights that Keras publishes into our backbones, layer by layer and by name."""

import logging
from collections.abc import Callable

import keras
import numpy as np

from seg_keras.layers.normalize import IMAGENET_STD

logger = logging.getLogger(__name__)


def copy_weights(
    model: keras.Model, published: Callable[[keras.Layer], list[np.ndarray] | None]
) -> None:
    """Sets the weights of every layer; those without published ones keep their own and are logged.

    Args:
        model: Gets the weights.
        published: From one of the model's layers to the weights for it, or None.

    Raises:
        ValueError: If a layer has another shape than its published weights.
    """
    left_out = []
    for layer in model.layers:
        if not layer.weights:
            continue
        weights = published(layer)
        if weights is None:
            left_out.append(layer.name)
        else:
            set_weights(layer, weights)
    if left_out:
        logger.warning("Not among the published weights, left random: %s", ", ".join(left_out))


def set_weights(layer: keras.Layer, weights: list[np.ndarray]) -> None:
    """Sets the weights of a layer, which must have exactly their shapes."""
    shapes = [tuple(weight.shape) for weight in weights]
    own = [tuple(weight.shape) for weight in layer.weights]
    if shapes != own:
        raise ValueError(
            f"{layer.name} has weights {own}, the published ones are {shapes}. They are for "
            f"width=1.0 and images of 3 channels; build that, or leave `weights` out."
        )
    layer.set_weights(weights)


def for_normalized_rgb(kernel: np.ndarray) -> np.ndarray:
    """A first kernel for our images: Keras feeds VGG and ResNet blue, green, red less their mean.

    Ours are red, green, blue, and divided by their deviation too.
    """
    return kernel[:, :, ::-1] * np.array(IMAGENET_STD)[:, None]
