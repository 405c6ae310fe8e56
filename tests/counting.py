"""Counts weights and multiplications of a model without ever making its weights."""

import math
from collections.abc import Callable

import keras
from keras import layers


def count_of(build: Callable[[], keras.Model]) -> int:
    """Trainable weights of what `build` gives, whose variables get no memory."""
    return trainable(shape_only(build))


def shape_only(build: Callable[[], keras.Model]) -> keras.Model:
    """A model to look at but not to run: its variables have shapes and no values."""
    with keras.StatelessScope(initialize_variables=False):
        model = build()
    keras.utils.clear_session()  # forgets the variables that still wait for their values
    return model


def trainable(model: keras.Model) -> int:
    """Weights that training changes."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def macs(model: keras.Model) -> int:
    """Multiplications of the convolutions, for one image."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D | layers.Conv2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
        elif isinstance(layer, layers.Conv2DTranspose):
            total += math.prod(layer.kernel.shape) * math.prod(layer.input.shape[1:3])
    return total
